"""What is kept between runs: the same bits or nothing, bounded, shared by processes, harmless where it cannot be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hudna.errors import InputError
from hudna.files.cache import VARIABLE, Cache, cache, code_hash
from hudna.files.names import file_name

from .learned_case import call

KEY, OTHER = "0" * 32, "1" * 32
ARRAYS = {"x": np.array([[0.1, -0.0], [np.inf, 3.0]]), "n": np.arange(5)}


def same(found: dict[str, np.ndarray] | None) -> bool:
    return found is not None and {k: (v.dtype, v.shape, v.tobytes()) for k, v in found.items()} == {
        k: (v.dtype, v.shape, v.tobytes()) for k, v in ARRAYS.items()
    }


@pytest.fixture
def kept(tmp_path: Path) -> Cache:
    found = Cache(tmp_path / "cache")
    found.keep(KEY, ARRAYS)
    return found


def test_what_is_kept_comes_back_bit_by_bit(kept):
    assert same(kept.find(KEY))
    assert kept.find(OTHER) is None


@pytest.mark.parametrize("harm", ["cut", "empty", "flipped", "foreign", "no file"])
def test_a_file_that_is_harmed_or_foreign_is_not_trusted(harm, kept):
    path = kept.folder / f"{KEY}.npz"
    raw = path.read_bytes()
    place = len(raw) // 2
    harmed = {
        "cut": raw[:-1], "empty": b"", "flipped": raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :],
    }  # fmt: skip
    if harm == "foreign":
        kept.keep(OTHER, {"x": np.zeros(1)})
        (kept.folder / f"{OTHER}.npz").replace(path)
    elif harm == "no file":
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(harmed[harm])
    assert kept.find(KEY) is None
    if harm != "no file":
        kept.keep(KEY, ARRAYS)
        assert same(kept.find(KEY))


def test_the_least_recently_used_go_first(tmp_path):
    found = Cache(tmp_path)
    keys = [f"{i:032x}" for i in range(4)]
    found.keep(keys[0], ARRAYS)
    size = found.files()[0][1]
    found = Cache(tmp_path, limit=3 * size + size // 2)
    for i, key in enumerate(keys[1:3], 1):
        found.keep(key, ARRAYS)
        os.utime(tmp_path / f"{key}.npz", (i, i))
    os.utime(tmp_path / f"{keys[0]}.npz", (0, 0))
    assert found.find(keys[0]) is not None  # so it was used last
    found.keep(keys[3], ARRAYS)
    assert {path.stem for _, _, path in found.files()} == {keys[0], keys[2], keys[3]}
    Cache(tmp_path, limit=size // 2).keep(KEY, ARRAYS)  # what is larger than all that may be kept drives nothing out
    assert len(found.files()) == 3


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    for found in (Cache(tmp_path / "file"), Cache(tmp_path / "file" / "cache"), Cache(None)):
        found.keep(KEY, ARRAYS)
        assert found.find(KEY) is None
        assert found.files() == []
        assert found.clear() == 0
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_clearing_leaves_what_is_somebody_s_own(kept):
    (kept.folder / "notes.npz").write_text("mine", encoding="utf-8")
    left = kept.folder / f".{file_name(['start'], apart=True)}.hudna-abcdefgh"  # of a process that was killed
    left.mkdir()
    assert kept.clear() == 1
    assert [path.name for path in kept.folder.iterdir()] == ["notes.npz"]


def test_the_environment_names_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "off")
    assert cache().folder is None
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert cache().folder == tmp_path
    monkeypatch.setenv(VARIABLE, "0")
    with pytest.raises(InputError, match="HUDNA_CACHE = '0': must be off or an absolute folder"):
        cache()
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache().folder == tmp_path / "xdg/hudna"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # is to be passed over, by the same specification
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache().folder == tmp_path / ".cache/hudna"


def test_the_code_is_part_of_what_a_start_follows_from():
    assert code_hash("learn") == code_hash("learn") != code_hash("learn", "engine")


SHARED = """
import sys, numpy as np
from pathlib import Path
from hudna.files.cache import Cache
found, seen = Cache(Path(sys.argv[1])), 0
for i in range(60):
    found.keep("0" * 32, {"x": np.full(20_000, float(sys.argv[2]))})
    arrays = found.find("0" * 32)
    if arrays is not None:
        assert np.ptp(arrays["x"]) == 0 and arrays["x"].size == 20_000
        seen += 1
print(seen)
"""


def test_two_processes_may_write_the_same_at_once(tmp_path):
    running = [
        subprocess.Popen([sys.executable, "-c", SHARED, tmp_path, number], stdout=subprocess.PIPE, text=True)
        for number in "12"
    ]
    assert [(one.communicate()[0].strip(), one.returncode) for one in running] == [("60", 0)] * 2
    assert [path.name for path in tmp_path.iterdir()] == [f"{KEY}.npz"]


def test_the_command_shows_it_and_clears_it(kept, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(kept.folder))
    code, said, _ = call("cache")
    assert (code, said["folder"], said["starts"], said["removed"]) == (0, str(kept.folder), 1, None)
    assert said["bytes"] == (kept.folder / f"{KEY}.npz").stat().st_size < said["limit"]
    assert call("cache", "--clear")[1]["removed"] == 1
    assert call("cache")[1]["starts"] == 0
    monkeypatch.setenv(VARIABLE, "off")
    assert call("cache", "--clear")[1]["folder"] is None
    monkeypatch.setenv(VARIABLE, "nowhere")
    assert call("cache")[0] == 2
