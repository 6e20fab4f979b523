"""What is no proper file, and mistakes made at random: refused with a line each, or run; never a traceback."""

from __future__ import annotations

import os
import random
import tomllib
from pathlib import Path

import numpy as np
import pytest
from mutations import FILES, edited, mutate, said, texts, write

import hudna
from hudna.case import load_case
from hudna.case.documents import as_toml
from hudna.cli import main
from hudna.engine import compile_scenario, simulate
from hudna.result.assemble import assemble
from hudna.scenario.describe import merged

S, C, A, T, D, P = FILES


def test_what_is_not_utf8_is_said_with_its_place(tmp_path, capsys):
    write(texts(), tmp_path / "work")
    path = tmp_path / "work" / D
    path.write_bytes(b"# caf\xe9\n" + path.read_bytes())
    (line,) = said(capsys, tmp_path / "work")
    assert line == f"{D}: byte 5, in line 1, is not UTF-8; save the file as UTF-8"


@pytest.mark.parametrize("name", [S, D, T])
def test_a_folder_in_the_place_of_a_file(name, tmp_path, capsys):
    write(texts(), tmp_path / "work")
    (tmp_path / "work" / name).unlink()
    (tmp_path / "work" / name).mkdir()
    (line,) = said(capsys, tmp_path / "work")
    end = " without case.toml; give a scenario's file or a case's folder" if name == S else ", not a TOML file"
    assert line == f"{name}: is a folder{end}"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
@pytest.mark.parametrize("name", [S, D])
def test_a_fifo_in_the_place_of_a_file_does_not_hang(name, tmp_path, capsys):
    write(texts(), tmp_path / "work")
    (tmp_path / "work" / name).unlink()
    os.mkfifo(tmp_path / "work" / name)
    (line,) = said(capsys, tmp_path / "work")
    assert line == f"{name}: is not an ordinary file"


def test_a_link_does_not_lead_extends_out_of_its_folder(tmp_path, capsys):
    write(edited((S, "case =", 'extends = "base.toml"\ncase =')), tmp_path / "work")
    (tmp_path / "secret.toml").write_text("secret = 1\n", encoding="utf-8")
    (tmp_path / "work/scenarios/base.toml").symlink_to(tmp_path / "secret.toml")
    (line,) = said(capsys, tmp_path / "work")
    assert "must lie in the same folder as the file that extends it" in line


@pytest.mark.parametrize("name", ["ties.toml", "claims.toml", "observations.csv", "network.json"])
@pytest.mark.parametrize("target", ["nowhere", "itself"])
def test_a_link_to_nowhere_is_said_not_passed_over(name, target, tmp_path, capsys):
    write(texts(), tmp_path / "work")
    path = (tmp_path / "work" / T).with_name(name)
    path.unlink(missing_ok=True)
    path.symlink_to(name if target == "itself" else target)
    assert f"{path.relative_to(tmp_path / 'work')}: no such file" in said(capsys, tmp_path / "work")


def test_a_file_that_is_not_there_is_followed_by_one_of_nearly_its_name(tmp_path, capsys):
    write(texts(), tmp_path / "work")
    assert main(["check", str(tmp_path / "work/scenarios/two-militia.toml")]) == 2
    assert capsys.readouterr().err.endswith("two-militia.toml: no such file; did you mean 'two-militias.toml'?\n")


def test_a_circle_of_links_is_no_traceback(tmp_path, capsys):
    write(edited((S, "case =", 'extends = "base.toml"\ncase =')), tmp_path / "work")
    (tmp_path / "work/scenarios/base.toml").symlink_to("base.toml")
    (line,) = said(capsys, tmp_path / "work")
    assert "base.toml" in line


def test_files_that_extend_one_another_in_a_circle(tmp_path, capsys):
    write(edited((S, "case =", 'extends = "b.toml"\ncase =')), tmp_path / "work")
    (tmp_path / "work/scenarios/b.toml").write_text('extends = "two-militias.toml"\n', encoding="utf-8")
    (line,) = said(capsys, tmp_path / "work")
    assert line.startswith('scenarios/b.toml: extends = "two-militias.toml": goes round in a circle')


def test_a_file_of_the_size_of_a_large_network_is_read(tmp_path, capsys):
    write(edited((T, "weight = 2", f'note = "{"x" * 2_000_000}"\nweight = 2')), tmp_path / "work")
    assert main(["check", str(tmp_path / "work" / S)]) == 0


@pytest.mark.parametrize("name", ["no-such", "two-militia", "x" * 5000, ".", "a\nb", "x/" * 3000 + "y.toml"])
def test_a_scenario_that_is_not_there(name, capsys):
    assert main(["check", name]) == 2
    assert main(["run", name]) == 2
    err = capsys.readouterr().err
    assert "Traceback" not in err
    assert len(err.splitlines()) == 2
    if name == "two-militia":
        assert "did you mean 'two-militias'?; shipped scenarios: " in err


def _try(seed: int, folder: Path) -> str:
    """Make mistakes at random; the files must be refused, or run; nothing else may come of it."""
    path = write(mutate(texts(), random.Random(seed)), folder)
    try:
        scenario = hudna.load(path)
    except hudna.InputError as error:
        for problem in error.problems:
            assert problem.where, problem
            assert problem.text, problem
            assert "\n" not in str(problem), problem
        return "refused"
    tomllib.loads("\n".join(merged(scenario)))
    if scenario.n_steps > 400:
        return "long"
    try:
        result = assemble(scenario, simulate(compile_scenario(scenario), draws=2, paths=2, seed=seed))
    except hudna.HudnaError:
        return "stopped"
    assert all(np.isfinite(result.outcomes[name]).all() for name in result.outcome_names)
    result.table()
    for a, b in result.about["contrasts"]:
        result.contrast(a, b)
    assert result.series is not None
    result.save(folder / "result.nc")
    return "ran"


@pytest.mark.parametrize("block", range(6))
def test_mistakes_at_random_are_refused_or_run_and_nothing_else(block, tmp_path):
    came = [_try(seed, tmp_path / "work") for seed in range(50 * block, 50 * block + 50)]
    assert {"refused", "ran"} <= set(came)


NAMES = [  # what a file of the case is called instead, or beside it where the first is empty; what is said, if anything
    (T, "ties.toml.txt", "is not read: the file of a case is called just ties.toml"),
    (T, "ties.txt", "is not read: the file of a case is called just ties.toml"),
    (T, "Ties.TOML", "is not read: the file of a case is called just ties.toml"),
    (T, "ties\u200f.toml", "ties\\u200f.toml: is not read: the file of a case is called just ties.toml"),
    (T, "tie.toml", "not a file of a case; did you mean 'ties.toml'?"),
    (T, "network.graphml", "is not read: the file of a case is called just network.json"),
    ("", "Observations.CSV", "is not read: the file of a case is called just observations.csv"),
    ("", "observations.xlsx", "is not read: the file of a case is called just observations.csv"),
    ("", "observation.csv", "not a file of a case; did you mean 'observations.csv'?"),
    ("", "ties.toml.txt", "is not read: the file of a case is called just ties.toml"),
    ("", "network.graphml", ""),
    *(("", name, "") for name in ("notes.md", "claims.md", ".DS_Store", "ties.toml~", "ties.toml.bak", "raids.csv",
                                  "#ties.toml#", "ties.xlsx", "posterior.nc")),
]  # fmt: skip


@pytest.mark.parametrize(("old", "name", "text"), NAMES)
def test_a_file_of_nearly_the_right_name_is_not_passed_over(old, name, text, tmp_path, capsys):
    write(texts(), tmp_path / "work")
    for kept in ("claims.toml", "observations.toml", "observations.csv"):
        assert not (tmp_path / "work" / C).with_name(kept).exists()
    path = (tmp_path / "work" / T).with_name(name)
    if old:
        (tmp_path / "work" / old).rename(path)
    else:
        path.write_text("", encoding="utf-8")
    code = main(["check", str(tmp_path / "work" / S)])
    lines = capsys.readouterr().err.splitlines()
    assert (code, len(lines)) == ((2, 1) if text else (0, 0)), lines
    assert all(text in line for line in lines)


def test_the_folder_that_hudna_runs_in_is_a_case_like_any_other(tmp_path, capsys, monkeypatch):
    write(texts(), tmp_path)
    path = (tmp_path / C).parent
    test = 'statement = "x"\nscenario = "two-militias"\noutcome = "attacks"\npolicy = "leave"\nabove = 1\n'
    claim = f'[x]\nclaim = "x"\nsource = "x"\n[[x.test]]\n{test}'
    (path / "claims.toml").write_text(claim, encoding="utf-8")
    (path / "below").mkdir()
    said = []
    for here, folder in ((path.parent, "two-militias"), (path, "."), (path / "below", "..")):
        monkeypatch.chdir(here)
        case = load_case(Path(folder))
        assert case.id == "two-militias"
        assert main(["check", folder]) == 0
        said.append(capsys.readouterr().out)
    assert "none of" not in said[0]
    assert said == said[:1] * 3


@pytest.mark.parametrize("name", ["ميناء 2024", "Été", "a.b", "-", "x" * 5000, "..", "a/b", "a\\b", ""])
def test_a_case_lies_in_a_folder_of_any_name_beside_the_others(name, tmp_path, capsys):
    found = edited((S, 'case = "two-militias"', f"case = {as_toml(name)}"))
    path = write(found, tmp_path / "work")
    if name not in ("..", "a/b", "a\\b", "", "x" * 5000):
        (tmp_path / "work" / C).parent.rename(tmp_path / "work/params" / name)
        assert hudna.load(path).case.id == name
        return
    (line,) = said(capsys, tmp_path / "work")
    text = (
        "there is no such case beside" if len(name) > 10 else "must be the name of a folder under params/; a path may"
    )
    assert text in line


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Two-Militias", "the folder beside the scenario is called"),
        ("two-militias\u200f", "write both alike (cannot be seen"),
        ("a link", "two-militias: no such folder; a case is a folder with"),
        ("a file", "two-militias: no such folder"),
    ],
)
def test_a_case_of_nearly_the_name_does_not_give_way_to_the_shipped_one(name, text, tmp_path, capsys):
    write(texts(), tmp_path / "work")
    path = (tmp_path / "work" / C).parent
    path.rename(path.with_name(name))
    if name == "a link":
        path.symlink_to("nowhere")
    elif name == "a file":
        path.write_text("", encoding="utf-8")
    (line,) = said(capsys, tmp_path / "work")
    assert text in line
    path.with_name(name).rename(path.with_name("other"))
    path.unlink(missing_ok=True)
    assert main(["check", str(tmp_path / "work" / S)]) == 0  # the shipped one
