"""The output folder: whole or not at all, listed file by file, and never somebody else's."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
from pathlib import Path

import pandas as pd
import pytest

import hudna
from hudna.cli import main
from hudna.files import whole
from hudna.files.names import file_names
from hudna.files.whole import replacing, strangers
from hudna.report.figures import figures

RUN = ["run", "two-militias", "--draws", "4", "--paths", "3"]
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
    monkeypatch.setattr("hudna.beginning.simulate", lambda *_, **__: pytest.fail("simulated"))
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
    monkeypatch.setattr("hudna.beginning.simulate", lambda *_, **__: pytest.fail("simulated"))
    (here / "taken").write_text("mine", encoding="utf-8")
    assert main([*QUICK, "--out", "taken"]) == 2
    assert main([*QUICK, "--out", "taken/below"]) == 2
    assert main([*QUICK, "--out", "x" * 300]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 3
    assert contents(here) == {"taken": b"mine"}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_place_that_cannot_be_written_is_refused_before_simulating(here, capsys, monkeypatch):
    monkeypatch.setattr("hudna.beginning.simulate", lambda *_, **__: pytest.fail("simulated"))
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
