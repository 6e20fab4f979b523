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
    assert line == f"{D}: byte 5 is not UTF-8; save the file as UTF-8"


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


@pytest.mark.parametrize("name", ["no-such", "two-militia", "x" * 5000, ".", "a\nb"])
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
