"""The output folder: whole or not at all, listed file by file, and never somebody else's."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

import hudna
from hudna.cli import main
from hudna.files import whole
from hudna.files.names import file_names
from hudna.files.whole import replacing, strangers
from hudna.report.figures import figures

NAME = "two-militias"
RUN = ["run", NAME, "--draws", "4", "--paths", "3"]
QUICK = [*RUN, "--no-figures"]
OUT = Path("out/two-militias")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below `folder`."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_writes_result_tables_figures_and_a_manifest_of_them(here, capsys):
    assert main(RUN) == 0
    manifest = json.loads((OUT / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["files"]) == set(contents(OUT)) - {"manifest.json"}
    for name, entry in manifest["files"].items():
        data = (OUT / name).read_bytes()
        assert entry == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    result = hudna.open_result(OUT / "result.nc")
    for key in ("config_hash", "program", "seed", "draws", "paths", "versions"):
        assert manifest[key] == result.about[key]
    drawn = {"outcome-attacks", "outcome-any_attack_4w", "outcome-pressure", "survival-truce_breaks", "fan-pressure",
             "shares-truce", "pbox-attacks", "levers", "difference-attacks-leave-stay",
             "difference-any_attack_4w-leave-stay", "difference-pressure-leave-stay"}  # fmt: skip
    assert {path.name for path in (OUT / "figures").iterdir()} == {f"{n}.{k}" for n in drawn for k in ("png", "svg")}
    assert [path.name for path in Path("out").iterdir()] == ["two-militias"]


def test_the_tables_are_the_results_own(here):
    assert main(QUICK) == 0
    result = hudna.open_result(OUT / "result.nc")
    outcomes = pd.read_csv(OUT / "outcomes.csv", index_col=["policy", "outcome"])
    pd.testing.assert_frame_equal(outcomes, result.table())
    differences = pd.read_csv(OUT / "differences.csv", index_col="outcome").drop(columns=["a", "b"])
    pd.testing.assert_frame_equal(differences, result.contrast("leave", "stay"))


def test_the_same_run_gives_the_same_figures_and_tables(here):
    assert main([*RUN, "--out", "one"]) == 0
    assert main([*RUN, "--out", "two"]) == 0
    one, two = contents(here / "one"), contents(here / "two")
    for name in set(one) - {"result.nc", "manifest.json"}:
        assert one[name] == two[name], name


def test_figures_leave_no_global_state_behind(here):
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    assert main([*RUN, "--lang", "ar"]) == 0
    assert plt.get_fignums() == before


def test_names_of_figures_are_safe():
    result = hudna.run("two-militias", draws=2, paths=2)
    about = {**result.about, "headline": []}
    names = list(file_names(dict(figures(type(result)(**{**vars(result), "about": about})))))
    assert "fan-attacks-all" in names
    assert "outcome-any_attack_4w" in names
    assert "outcome-truce_breaks" not in names


def test_a_second_run_replaces_the_whole_folder(here):
    assert main(RUN) == 0
    assert main([*QUICK, "--seed", "9"]) == 0
    assert set(contents(OUT)) == {"result.nc", "outcomes.csv", "differences.csv", "manifest.json"}
    assert hudna.open_result(OUT / "result.nc").about["seed"] == 9
    assert [path.name for path in Path("out").iterdir()] == ["two-militias"]


@pytest.mark.parametrize("name", ["notes.txt", "figures/mine.png", ".hidden", "deep/er/x", "empty/"])
def test_files_of_others_are_named_and_nothing_is_done(name, here, capsys, monkeypatch):
    assert main(RUN) == 0
    if name.endswith("/"):
        (OUT / name).mkdir()
    else:
        (OUT / name).parent.mkdir(parents=True, exist_ok=True)
        (OUT / name).write_text("mine", encoding="utf-8")
    before = contents(here)
    monkeypatch.setattr("hudna.ask.start.simulate", lambda *_, **__: pytest.fail("simulated"))
    capsys.readouterr()
    assert main([*QUICK, "--seed", "9"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    shown = "deep/" if name.startswith("deep") else name
    assert line.startswith(f"{OUT / shown}: was not written by hudna" if shown == name and not name.endswith("/")
                           else f"{OUT / shown}")  # fmt: skip
    assert "was not written by hudna" in line
    assert contents(here) == before


def test_a_folder_of_somebody_else_is_left_alone_manifest_or_not(here, capsys):
    for name in ("plain", "web"):
        (here / name).mkdir()
        (here / name / "index.html").write_text("mine", encoding="utf-8")
    (here / "web/manifest.json").write_text('{"files": {"index.html": {}}}', encoding="utf-8")
    for name in ("plain", "web"):
        before = contents(here)
        assert main([*QUICK, "--out", name]) == 2
        assert contents(here) == before
    err = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in err] == [
        str(Path(p)) for p in ("plain/index.html", "web/index.html", "web/manifest.json")
    ]


def test_a_link_in_the_folder_is_not_followed(here):
    assert main(QUICK) == 0
    (here / "elsewhere").mkdir()
    (here / "elsewhere/kept.txt").write_text("kept", encoding="utf-8")
    (OUT / "link").symlink_to(here / "elsewhere")
    assert strangers(OUT) == ["link"]
    assert main(QUICK) == 2
    assert (here / "elsewhere/kept.txt").exists()


def test_a_link_to_a_folder_is_written_through(here):
    (here / "real").mkdir()
    (here / "link").symlink_to(here / "real")
    assert main([*QUICK, "--out", "link"]) == 0
    assert (here / "link").is_symlink()
    assert (here / "real/result.nc").exists()


@pytest.mark.parametrize("target", [".", "..", "/"])
def test_the_folder_one_works_in_is_never_replaced(target, here, capsys):
    assert main([*QUICK, "--out", target]) == 2
    assert "is the folder you work in, or one above it" in capsys.readouterr().err
    assert list(here.iterdir()) == []


def test_a_file_in_the_way_is_refused_before_simulating(here, capsys, monkeypatch):
    monkeypatch.setattr("hudna.ask.start.simulate", lambda *_, **__: pytest.fail("simulated"))
    (here / "taken").write_text("mine", encoding="utf-8")
    assert main([*QUICK, "--out", "taken"]) == 2
    assert main([*QUICK, "--out", "taken/below"]) == 2
    assert main([*QUICK, "--out", "x" * 300]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 3
    assert contents(here) == {"taken": b"mine"}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_place_that_cannot_be_written_is_refused_before_simulating(here, capsys, monkeypatch):
    monkeypatch.setattr("hudna.ask.start.simulate", lambda *_, **__: pytest.fail("simulated"))
    (here / "locked").mkdir(mode=0o500)
    assert main([*QUICK, "--out", "locked/out"]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_failure_leaves_the_old_folder_and_no_litter(here, monkeypatch):
    assert main(QUICK) == 0
    before = contents(here)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "outcomes.csv")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    assert main(QUICK) == 1
    assert main([*QUICK, "--out", "new/deep/er"]) == 1
    assert contents(here) == before
    assert sorted(path.name for path in here.iterdir()) == ["out"]


def test_a_swap_that_fails_puts_the_old_folder_back(here, monkeypatch):
    assert main(QUICK) == 0
    before = contents(here)
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name.startswith(".") and not self.name.endswith(".old"):
            raise OSError(5, "Input/output error", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    assert main(QUICK) == 1
    assert contents(here) == before


def test_files_that_come_while_it_runs_are_not_taken_away(here):
    with contextlib.suppress(hudna.InputError), replacing(here / "new") as folder:
        folder.close({})
        (here / "new").mkdir()
        (here / "new/mine.txt").write_text("mine", encoding="utf-8")
    assert contents(here) == {"new/mine.txt": b"mine"}


@pytest.mark.parametrize("moment", ["_make", "_swap"])
def test_ctrl_c_while_folders_are_made_or_swapped_breaks_nothing(moment, here, monkeypatch):
    real = getattr(whole, moment)

    def interrupted(*arguments: object) -> object:
        signal.raise_signal(signal.SIGINT)
        done = real(*arguments)
        signal.raise_signal(signal.SIGINT)
        return done

    monkeypatch.setattr(whole, moment, interrupted)
    if moment == "_make":
        with pytest.raises(KeyboardInterrupt), replacing(here / "new/er"):
            pytest.fail("went on")
        assert list(here.iterdir()) == []
    else:
        with replacing(here / "new/er") as folder:
            folder.close({})
        assert set(contents(here)) == {"new/er/manifest.json"}


def test_the_tables_are_printed_and_in_place_before_the_first_picture_is_drawn(here, capsys, monkeypatch):
    with replacing(OUT) as old:
        old.write("figures/of-another-run.png", b"")
        old.close({})
    real, seen = Figure.savefig, []

    def save(self: Figure, *arguments: object, **more: object) -> None:
        seen.append((capsys.readouterr().out, set(contents(OUT))))
        real(self, *arguments, **more)

    monkeypatch.setattr(Figure, "savefig", save)
    assert main(RUN) == 0
    told, there = seen[0]
    assert f"Written to {OUT}" in told
    assert there == {"result.nc", "outcomes.csv", "differences.csv", "manifest.json"}
    assert seen[-1] == ("", there)  # the pictures come all at once


@pytest.mark.parametrize("as_json", [False, True])
def test_ctrl_c_among_the_pictures_leaves_result_and_tables_and_says_so(as_json, here, capsys, monkeypatch):
    assert main([*QUICK, "--out", "plain"]) == 0
    monkeypatch.setattr(Figure, "savefig", lambda *_, **__: signal.raise_signal(signal.SIGINT))
    capsys.readouterr()
    assert main([*RUN, *["--json"] * as_json]) == 1
    out, err = capsys.readouterr()
    assert err.splitlines()[1:] == [f"{OUT}: interrupted; the results are written, the pictures are not"]
    if as_json:
        data = json.loads(out)
        assert [problem["where"] for problem in data["problems"]] == [str(OUT)]
        assert data["manifest"] == json.loads((OUT / "manifest.json").read_text(encoding="utf-8"))
    else:
        assert f"Written to {OUT}" in out
    assert set(contents(OUT)) == set(contents(here / "plain"))
    assert (OUT / "outcomes.csv").read_bytes() == (here / "plain/outcomes.csv").read_bytes()
    assert sorted(path.name for path in here.iterdir()) == ["out", "plain"]
    assert [path.name for path in Path("out").iterdir()] == ["two-militias"]


@pytest.mark.parametrize("command", [RUN, ["network", NAME]])
def test_a_picture_that_cannot_be_drawn_is_a_line_and_the_others_are_there(command, here, capsys, monkeypatch):
    real, calls = Figure.savefig, []

    def save(self: Figure, *arguments: object, **more: object) -> None:
        calls.append(self)
        if len(calls) == 1:
            raise ValueError("no font\nof that name")
        real(self, *arguments, **more)

    monkeypatch.setattr(Figure, "savefig", save)
    assert main([*command, "--out", "x"]) == 1
    out, err = capsys.readouterr()
    (line,) = err.splitlines()[1:]
    assert line.startswith(str(Path("x")))
    assert line.endswith(": this picture could not be drawn: ValueError: no font")
    assert "Written to x" in out
    manifest = json.loads(Path("x/manifest.json").read_text(encoding="utf-8"))
    drawn = {name for name in contents(Path("x")) if name.endswith(".png")}
    assert len(drawn) == (10 if command[0] == "run" else 0)
    assert set(manifest["files"]) == set(contents(Path("x"))) - {"manifest.json"}
    assert len(manifest["pictures"]) == len(drawn)


def test_pictures_are_drawn_alike_whatever_a_notebook_or_a_user_has_set(here):
    assert main(["network", NAME, "--out", "x"]) == 0
    (here / "matplotlibrc").write_text("figure.facecolor: red\nfont.size: 30\n", encoding="utf-8")
    command = [sys.executable, "-m", "hudna.cli", "network", NAME, "--out", "y"]
    notebook = {**os.environ, "MPLBACKEND": "module://of.a.notebook"}
    subprocess.run(command, cwd=here, env=notebook, check=True, capture_output=True)
    assert (here / "y/network.png").read_bytes() == (here / "x/network.png").read_bytes()


def test_a_reader_who_leaves_early_does_not_keep_the_pictures_from_being_drawn(here):
    command = [sys.executable, "-m", "hudna.cli", "network", NAME, "--out", "x"]
    with subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b"Drawing pictures: 1\n"
    assert process.returncode == 1
    assert (here / "x/network.png").exists()


def test_another_run_in_the_same_place_gets_no_pictures_of_this_one(here):
    with replacing(here / "x") as folder:
        manifest = folder.close({"seed": 1})
    late = contextlib.ExitStack()
    late.enter_context(whole.placing(here / "x", manifest=manifest)).write("figures/a.png", b"1")
    with replacing(here / "x") as folder:
        folder.close({"seed": 2})
    with pytest.raises(hudna.errors.HudnaError, match="another run has replaced this folder"):
        late.close()
    assert set(contents(here)) == {"x/manifest.json"}
    assert [path.name for path in here.iterdir()] == ["x"]


LIMITED = """
import resource, sys, hudna.cli
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
sys.exit(hudna.cli.main(sys.argv[2:]))
"""


def test_what_is_placed_comes_into_a_folder_that_is_made_for_it(here, monkeypatch):
    with whole.placing(here / "new" / "er") as folder:
        folder.write("a.txt", "1")
        folder.write("b/c.txt", "2")
    assert sorted(p.name for p in (here / "new" / "er").rglob("*")) == ["a.txt", "b", "c.txt"]
    real = Path.replace
    monkeypatch.setattr(Path, "replace", lambda p, to: real(p, to if p.name != "z.txt" else here / "no" / "z.txt"))
    late = contextlib.ExitStack()
    folder = late.enter_context(whole.placing(here / "other"))
    folder.write("a.txt", "1")
    folder.write("z.txt", "2")
    with pytest.raises(FileNotFoundError):
        late.close()
    assert not (here / "other").exists()


@pytest.mark.parametrize(
    ("limit", "command", "where", "left"),
    [
        (20_000, QUICK, OUT / "result.nc", []),
        (3000, ["copy", NAME, "mine"], Path("mine/params") / NAME, []),
        (20_000, ["network", NAME, "--out", "x"], Path("x"),
         ["manifest.json", "network.graphml", "network.json", "paths.csv", "reach.csv", "strengths.csv", "x"]),
    ],
)  # fmt: skip
def test_a_disk_that_is_full_is_a_line_and_leaves_nothing_half(limit, command, where, left, here):
    pytest.importorskip("resource")
    given = [sys.executable, "-c", LIMITED, str(limit), *command]
    done = subprocess.run(given, cwd=here, capture_output=True, text=True, check=False)
    (line,) = (line for line in done.stderr.splitlines() if not line.startswith("Drawing"))
    assert done.returncode == 1
    assert line.startswith(str(where))
    assert line.endswith("File too large")
    assert sorted(path.name for path in here.rglob("*")) == left


# Writes one version of a folder after the other, until it is killed.
WRITER = """
import itertools, pathlib, sys
from hudna.files.whole import replacing
for version in itertools.count(int(sys.argv[2])):
    with replacing(pathlib.Path(sys.argv[1])) as folder:
        for i in range(5):
            folder.write(f"deep/{i}", f"{version}")
        folder.close({"version": version})
    print(version, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="folders are not locked there")
def test_a_killed_writer_leaves_the_old_folder_or_the_new_and_the_next_clears_up(here):
    rng, version = random.Random(5), 0
    for _ in range(8):
        command = [sys.executable, "-c", WRITER, "x", str(version)]
        with subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, text=True) as process:
            version = int(process.stdout.readline())
            time.sleep(rng.uniform(0, 0.05))
            process.kill()
            version = max([version, *map(int, process.stdout.read().split())])
        with contextlib.suppress(ZeroDivisionError), replacing(here / "x"):
            _ = 1 / 0
        assert [path.name for path in here.iterdir()] == ["x"]
        manifest = json.loads((here / "x/manifest.json").read_text(encoding="utf-8"))
        assert manifest["version"] in (version, version + 1)
        assert {path.read_text(encoding="utf-8") for path in (here / "x/deep").iterdir()} == {str(manifest["version"])}
        assert len(manifest["files"]) == len(list((here / "x/deep").iterdir())) == 5
        version += 1


def test_a_folder_that_was_put_aside_goes_back_and_one_that_is_at_work_is_left(here):
    with replacing(here / "x") as folder:
        folder.close({"version": 1})
    with replacing(here / "x") as at_work:
        at_work.write("a", "b")
        left = here / f"{at_work.aside.name[:-8]}killed_1"
        (here / "x").rename(f"{left}.old")  # as between the two renames
        left.mkdir()
        with contextlib.suppress(ZeroDivisionError), replacing(here / "x"):
            _ = 1 / 0
        assert sorted(path.name for path in here.iterdir()) == sorted([at_work.aside.name, "x"])
        assert (at_work.aside / "a").exists()
    assert set(contents(here)) == {"x/a"}


def test_a_file_is_written_through_a_link_and_into_a_pipe_and_replaced_whole(here, monkeypatch):
    (here / "real.csv").write_text("old", encoding="utf-8")
    (here / "link.csv").symlink_to("real.csv")
    whole.write_file(here / "link.csv", "new")
    whole.write_file(Path(os.devnull), "gone")
    assert not Path(os.devnull).is_file()
    assert (here / "link.csv").is_symlink()

    def refuse(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="Input/output"):
        whole.write_file(here / "link.csv", "newer")
    assert contents(here) == {"real.csv": b"new", "link.csv": b"new"}


def test_names_of_files_are_bounded_and_never_one_on_any_disk():
    ordinary = ("difference", "any_attack_4w", "leave", "stay")
    things = [
        ordinary, ("fan", "a.b"), ("fan", "a-b"), ("fan", "A-B"), ("fan", "caf\u00e9"), ("fan", "cafe\u0301"),
        ("fan", "x" * 300), ("fan", "x" * 301), ("fan", "\u0627" * 300),
        ("fan", 'a/b\\c:d*e?"<>|\n'), ("fan", "attacks.*"),
    ]  # fmt: skip
    names = list(file_names(things))
    assert names[0] == "difference-any_attack_4w-leave-stay"
    assert names[-1] == "fan-attacks-all"
    assert list(file_names(things).values()) == things
    assert len({unicodedata.normalize("NFC", name).casefold() for name in names}) == len(things)
    assert all(len(name.encode()) <= 200 and not set(name) & set('./\\:*?"<>|\n') for name in names)
    assert set(file_names(things[::-1])) == set(names)
    assert list(file_names(things[:2])) == [names[0], "fan-a-b"]
