"""The pictures of docs/gallery.md, made by the page's own lines: `make gallery`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import matplotlib as mpl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from pages import ROOT, Reader

PAGE = ROOT / "docs" / "gallery.md"
FOLDER = ROOT / "docs" / "images" / "gallery"
COLOURS = 128  # of a file: a picture is some hundred kilobytes smaller, and looks the same


def main() -> None:
    """Follow the page in an empty folder, and keep the pictures that it saves."""
    mpl.use("Agg")
    mpl.rcParams["savefig.dpi"] = 100
    page = PAGE.read_text(encoding="utf-8")
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            Reader("docs/gallery.md").follow(page)
        finally:
            os.chdir(before)
        keep(Path(folder))


def keep(folder: Path) -> None:
    """Put the pictures in their place, small; what the page no longer makes goes."""
    from PIL import Image

    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as picture:
            small = picture.convert("RGB").quantize(COLOURS)
            small.save(FOLDER / path.name, optimize=True)
        print(FOLDER / path.name, (FOLDER / path.name).stat().st_size)


if __name__ == "__main__":
    main()
