"""Which engine and how many threads: as asked, else what is quickest here."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import hudna
from hudna.engine import compile_scenario
from hudna.engine.choice import chosen_engine
from hudna.engine.executor import chosen_threads
from hudna.engine.vm import compilation

kernel = importlib.import_module("hudna.engine.vm.kernel")


@pytest.fixture(scope="module")
def program():
    return compile_scenario(hudna.load("two-militias"))


def test_what_is_asked_for_is_given(program):
    for engine in ("vm", "oracle"):
        assert chosen_engine(engine, program, 10) == engine
        assert chosen_engine(engine, program, 10**9) == engine


def test_small_runs_do_not_wait_for_the_kernel(program, monkeypatch):
    for ready in (True, False):
        monkeypatch.setattr(kernel, "is_ready", lambda ready=ready: ready)
        assert chosen_engine("auto", program, 100) == "oracle"
        assert chosen_engine("auto", program, 10**8) == "vm"
    monkeypatch.setattr(kernel, "is_ready", lambda: True)
    assert chosen_engine("auto", program, 10**5) == "vm"
    monkeypatch.setattr(kernel, "is_ready", lambda: False)
    assert chosen_engine("auto", program, 10**5) == "oracle"  # compiling would take longer


def test_without_numba_there_is_the_oracle(program, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert chosen_engine("auto", program, 10**9) == "oracle"


def test_results_say_which_engine_ran():
    assert hudna.run("two-militias", draws=2, paths=2, engine="vm").about["engine"] == "vm"
    assert hudna.run("two-militias", draws=2, paths=2).about["engine"] == "oracle"


def test_threads_come_from_the_call_then_the_environment_then_the_machine(monkeypatch):
    monkeypatch.setenv("HUDNA_NUM_THREADS", "3")
    assert chosen_threads(None) == 3
    assert chosen_threads(5) == 5
    monkeypatch.delenv("HUDNA_NUM_THREADS")
    assert chosen_threads(None) >= 1
    monkeypatch.setenv("HUDNA_NUM_THREADS", " ")
    assert chosen_threads(None) >= 1


@pytest.mark.parametrize("given", ["0", "-1", "two", "1.5", "99999999", "٣x"])
def test_a_wrong_number_of_threads_is_refused(monkeypatch, given):
    monkeypatch.setenv("HUDNA_NUM_THREADS", given)
    with pytest.raises(hudna.InputError, match="environment: HUDNA_NUM_THREADS"):
        hudna.run("two-militias", draws=2, paths=2)


def test_stages_are_told_as_they_begin(monkeypatch):
    told: list[str] = []
    hudna.run("two-militias", draws=2, paths=2, engine="vm", stage=told.append)
    assert told[-1] == "simulating"
    told.clear()
    monkeypatch.setattr(kernel, "is_ready", lambda: False)
    hudna.run("two-militias", draws=2, paths=2, engine="vm", stage=told.append)
    assert told == ["compiling", "simulating"]


def test_another_version_of_the_kernel_is_never_taken_for_this_one(tmp_path, monkeypatch):
    """The name under which the compiled kernel is kept has a hash of every source that goes into it."""
    fingerprint = kernel._fingerprint()
    assert kernel.simulate_block.py_func.__qualname__.endswith(fingerprint)
    shutil.copytree(Path(kernel.__file__).parents[1], tmp_path / "engine")
    monkeypatch.setattr(kernel, "__file__", str(tmp_path / "engine" / "vm" / "kernel.py"))
    assert kernel._fingerprint() == fingerprint
    for name in ("vm/maths.py", "refusals.py"):
        before = kernel._fingerprint()
        with (tmp_path / "engine" / name).open("a") as source:
            source.write("#")
        assert kernel._fingerprint() != before


# Where compiled code cannot be kept ---------------------------------------------------------------------------------


def one_more(x):
    return x + 1


def alone(code: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own that has no home."""
    environment = {**os.environ, "HOME": "/nonexistent", **more}
    python = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(python, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_without_a_folder_for_compiled_code_it_is_compiled_all_the_same_and_said_once(tmp_path):
    (tmp_path / "file").write_text("no folder")
    code = """
        from numba.core import caching
        caching.CacheImpl._locator_classes = [caching.UserProvidedCacheLocator]
        from hudna.cli.main import main
        from hudna.engine.vm.compilation import kept
        import hudna.learn.discrete, hudna.engine.vm.kernel
        assert kept(lambda x: x + 1)(1) == 2
        raise SystemExit(main(["run", "two-militias", "--draws", "2", "--paths", "2", "--no-figures", "--out", "o"]))
    """
    found = alone(code, tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "file"))
    assert found.returncode == 0, found.stderr
    assert found.stderr.count("NUMBA_CACHE_DIR") == 1
    assert "Traceback" not in found.stderr


def test_the_oracle_needs_no_numba(tmp_path):
    code = """
        import sys
        import numpy as np
        sys.modules["numba"] = None
        from hudna.cli.main import main
        size = ["two-militias", "--draws", "2", "--paths", "2"]
        for command in (["run", "--engine", "oracle", "--no-figures", "--out", "o"], ["claims"]):
            assert main([*command, *size]) == 0, command
        from hudna.learn.discrete import sums
        from hudna.learn.likelihood import Report
        three = np.full((1, 2), 3.0)
        read = [Report(3, "exact", "high")]
        assert sums(three, [three], read, three / 6)[0].tolist() == three.tolist()
        raise SystemExit(main(["run", "--engine", "vm", *size]))
    """
    found = alone(code, tmp_path)
    assert found.returncode == 2, found.stderr
    assert "Traceback" not in found.stderr
    assert "the compiled engine needs numba" in found.stderr


@pytest.mark.parametrize("what", ["load", "save"])
def test_a_folder_that_is_full_or_damaged_stops_nothing(what, monkeypatch):
    def fails(*_):
        raise OSError(28, "No space left on device") if what == "save" else EOFError

    for each in ("load", "save"):
        monkeypatch.setattr(f"numba.core.caching.IndexDataCacheFile.{each}", fails if each == what else lambda *_: None)
    function = compilation.kept(one_more)
    if what == "save":
        with pytest.warns(UserWarning, match="every process compiles it anew"):
            assert function(1) == 2
    else:
        assert function(1) == 2
