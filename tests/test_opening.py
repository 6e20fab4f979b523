"""A result file can come from anywhere: whatever it holds, it is a result or one clear error."""

from __future__ import annotations

import json
import os
import shutil

import h5py
import numpy as np
import pytest

import hudna


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A small result with paths, and one with summaries."""
    folder = tmp_path_factory.mktemp("saved")
    for kept in ("all", "summary"):
        result = hudna.run("two-militias", draws=6, paths=5, seed=1, outcomes=kept, policies=["stay", "leave"])
        result.save(folder / f"{kept}.nc")
    return folder


def refused(path) -> str:
    with pytest.raises(hudna.InputError) as caught:
        hudna.open_result(path)
    return str(caught.value)


def change_about(file, change) -> None:
    about = json.loads(file.attrs["about"])
    change(about)
    file.attrs["about"] = json.dumps(about)


def put(file, name, **how) -> None:
    del file[name]
    file.create_dataset(name, **how)


def values(name, value):
    def change(file):
        numbers = file[name][()]
        numbers[..., 0] = value
        put(file, name, data=numbers)

    return change


def about(change):
    return lambda file: change_about(file, change)


def text(said):
    return lambda file: file.attrs.__setitem__("about", said)


def link(name, target):
    def change(file):
        del file[name]
        file[name] = target

    return change


DEEP = "[" * 100_000 + "]" * 100_000
CRAFTED = {
    "about is too deep": (text(f'{{"scenario": {DEEP}}}'), "about: "),
    "about is no JSON": (text("{"), "about: Invalid JSON"),
    "about is a list": (text("[1]"), "about: "),
    "about is numbers": (text(np.arange(5)), "what it is about is missing"),
    "no about": (lambda f: f.attrs.__delitem__("about"), "what it is about is missing"),
    "another format": (lambda f: f.attrs.__setitem__("hudna_format", 99), "has format 99; this version"),
    "a billion paths": (about(lambda a: a.update(paths=10**9)), "outcomes/attacks: has the shape (2, 6, 5); the sizes"),
    "a draw too many": (about(lambda a: a.update(draws=7)), "the sizes of the run make it (2, 7, 5)"),
    "no draws": (about(lambda a: a.update(draws=0)), "about.draws: must be greater than or equal to 1"),
    "draws are a text": (about(lambda a: a.update(draws="6")), "about.draws: must be a valid integer"),
    "no labels": (about(lambda a: a.pop("outcomes")), "about.outcomes: is missing"),
    "an outcome without a unit": (about(lambda a: a["outcomes"]["attacks"].pop("unit")), "about.outcomes.attacks.unit"),
    "an unknown reducer": (about(lambda a: a["outcomes"]["attacks"].update(reduce="x")), "attacks.reduce: must"),
    "a window after the end": (
        about(lambda a: a["outcomes"]["attacks"].update(window=[0, 1e300])),
        "must lie within 0 to 52 weeks",
    ),
    "a window that is no number": (
        about(lambda a: a["outcomes"]["attacks"].update(window=[0, float("nan")])),
        "about.outcomes.attacks.window.1: must be a finite number",
    ),
    "a contrast with nobody": (about(lambda a: a.update(contrasts=[["leave", "go"]])), "names no policy"),
    "another outcome": (about(lambda a: a["outcomes"].update(x=a["outcomes"]["attacks"])), "outcomes/x: is missing"),
    "a start that is no day": (about(lambda a: a.update(start="2024-13-01")), "about.start: "),
    "half a step": (about(lambda a: a.update(step_days=5)), "must be a whole number of steps of 5 days"),
    "a ratio that is no ratio": (
        about(lambda a: a["counters"]["newspaper"].update(ratio="1 2")),
        "about.counters.newspaper.ratio: must be a number",
    ),
    "policies change places": (
        about(lambda a: a.update(policies=dict(reversed(a["policies"].items())))),
        "outcomes/policy: names 'stay', 'leave'; the run has leave, stay",
    ),
    "a group is missing": (lambda f: f.__delitem__("levers"), "levers: is missing"),
    "an array is missing": (lambda f: f.__delitem__("outcomes/attacks"), "outcomes/attacks: is missing"),
    "a group in an array's place": (
        lambda f: (f.__delitem__("outcomes/attacks"), f.create_group("outcomes/attacks")),
        "outcomes/attacks: must be an array",
    ),
    "a soft link": (link("outcomes/attacks", h5py.SoftLink("/outcomes/pressure")), "is a link to something else"),
    "a link to itself": (link("outcomes", h5py.SoftLink("/outcomes")), "outcomes: is a link"),
    "texts for numbers": (lambda f: put(f, "levers/presence", data=[["x"] * 52] * 2), "levers/presence: holds object"),
    "records for numbers": (
        lambda f: put(f, "levers/presence", data=np.zeros((2, 52), [("a", "f8")])),
        "which is not what a result holds there",
    ),
    "complex numbers": (lambda f: put(f, "levers/presence", data=np.zeros((2, 52), complex)), "holds complex128"),
    "declared, never written": (
        lambda f: put(f, "outcomes/attacks", shape=(2, 6, 5), dtype="f8", chunks=(1, 1, 1)),
        "but the file holds 0 bytes of it",
    ),
    "a virtual array": (
        lambda f: (f.__delitem__("levers/presence"),
                   f.create_virtual_dataset("levers/presence", h5py.VirtualLayout((2, 52), "f8"))),
        "keeps its numbers outside the file",
    ),
    "another compression": (
        lambda f: put(f, "levers/presence", data=np.ones((2, 52)), compression="lzf"),
        "packed in a way that hudna does not use",
    ),
    "not a number": (values("outcomes/attacks", np.nan), "outcomes/attacks: has numbers that are not finite"),
    "an infinite parameter": (values("parameters/attack_rate", np.inf), "parameters/attack_rate: has numbers that are"),
    "a rate below 0": (values("threat/attacks.NORTH", -1), "threat/attacks.NORTH: has numbers below 0"),
    "paths that were not run": (values("histograms/truce", 99), "histograms/truce: must count 30 paths everywhere"),
}  # fmt: skip


@pytest.mark.parametrize("case", CRAFTED)
def test_a_crafted_file_is_one_clear_error(saved, tmp_path, case):
    path = shutil.copy(saved / "all.nc", tmp_path / "crafted.nc")
    change, expected = CRAFTED[case]
    with h5py.File(path, "r+") as file:
        change(file)
    assert expected in refused(path)


SUMMARIES = {
    "paths below 0": ("summaries/attacks.lower", 6, "must count at most 5 paths"),
    "a variance below 0": ("summaries/attacks.variance", -1.0, "has numbers below 0"),
    "bins that fall": ("summaries/attacks.high", -1e9, "must rise from bin to bin"),
    "paths that were not run": ("summaries/attacks.histogram", 77, "must count 30 paths everywhere"),
}


@pytest.mark.parametrize("case", SUMMARIES)
def test_crafted_summaries_are_refused(saved, tmp_path, case):
    path = shutil.copy(saved / "summary.nc", tmp_path / "crafted.nc")
    name, value, expected = SUMMARIES[case]
    with h5py.File(path, "r+") as file:
        values(name, value)(file)
    assert expected in refused(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_nothing_outside_the_file_is_opened(saved, tmp_path):
    pipe = tmp_path / "pipe"  # whoever opens it waits for ever
    os.mkfifo(pipe)
    for change in (
        link("levers", h5py.ExternalLink(pipe, "/levers")),
        link("levers/presence", h5py.ExternalLink(pipe, "/presence")),
        lambda f: put(f, "levers/presence", shape=(2, 52), dtype="f8", external=[(str(pipe), 0, 1000)]),
    ):
        path = shutil.copy(saved / "all.nc", tmp_path / "crafted.nc")
        with h5py.File(path, "r+") as file:
            change(file)
        assert "levers" in refused(path)
    assert "not a file that can be read, but a device, a pipe" in refused(pipe)


def test_a_file_that_declares_more_than_it_holds_takes_no_memory(saved, tmp_path):
    path = shutil.copy(saved / "all.nc", tmp_path / "crafted.nc")
    with h5py.File(path, "r+") as file:
        change_about(file, lambda a: a.update(draws=10**6, paths=10**6))
        for name in list(json.loads(file.attrs["about"])["outcomes"]):
            size = (2, 10**6, 10**6)
            put(file, f"outcomes/{name}", shape=size, dtype="f8", chunks=(1, 1000, 1000), compression="gzip")
            file[f"outcomes/{name}"][0, 0, 0] = 1.0
    assert path.stat().st_size < 500_000
    assert "bytes of it" in refused(path)


@pytest.mark.parametrize("keep", [0, 1, 100, 3000, 0.5, 0.99])
def test_a_file_that_was_cut_off_is_refused(saved, tmp_path, keep):
    whole = (saved / "all.nc").read_bytes()
    path = tmp_path / "cut.nc"
    path.write_bytes(whole[: int(keep * len(whole)) if isinstance(keep, float) else keep])
    assert "is not a result that hudna saved" in refused(path)


def test_the_folder_of_a_run_stands_for_the_result_in_it(saved, tmp_path):
    shutil.copy(saved / "all.nc", tmp_path / "result.nc")
    assert hudna.open_result(tmp_path).n_draws == 6
    (tmp_path / "result.nc").unlink()
    assert "holds no result.nc; name the folder of a run" in refused(tmp_path)
    assert refused(tmp_path / "nowhere").endswith("nowhere: no such file")
    assert "no such file" in refused("x" * 5000)


def test_keys_that_nothing_reads_are_kept(saved, tmp_path):
    path = shutil.copy(saved / "all.nc", tmp_path / "more.nc")
    with h5py.File(path, "r+") as file:
        change_about(file, lambda a: a.update(later={"kept": [1, 2]}))
    assert hudna.open_result(path).about["later"] == {"kept": [1, 2]}
