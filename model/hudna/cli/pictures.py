"""What a command found, printed first and drawn then: whatever happens to a picture, the results are there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from hudna.cli.printing import FAILED, INTERRUPTED, print_json, print_problems, problems_data, progress_bar, say
from hudna.errors import HudnaError, Problem
from hudna.files.whole import placing
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    from hudna.cli.options import Output
    from hudna.cli.printing import Part
    from hudna.files.whole import Folder
    from hudna.report.figures import Picture

__all__ = ["finish"]

_word = Words("cli.pictures")


def finish(
    output: Output,
    data: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    parts: Iterable[Part],
    pictures: Iterable[Picture],
    folder: Path | None,
    manifest: Mapping[str, Any] | None = None,
    *,
    files: Iterable[Path] = (),
    within: str = "figures",
    kinds: Sequence[str] = ("png",),
) -> None:
    """Print what was found, then draw its pictures; end with exit code 1 if one of them is missing.

    Parameters
    ----------
    output : Output
    data : function of the manifest
        What was found, for JSON, which is printed after the pictures are drawn and says what went wrong with them.
    parts : iterable of tables and lines
        The same for readers, printed before.
    pictures : iterable of Picture
    folder : Path or None
        Where they belong; no pictures are drawn if it is None.
    manifest : mapping, optional
        That of the folder: then the pictures come to it all at once, and are listed.
    files : iterable of Path
        What was written; said after `parts`.
    within : str
        The folder inside it that they lie in; may be empty.
    kinds : sequence of {"png", "svg"}
    """
    problems: list[Problem] = []
    final, unread, code = dict(manifest or {}), None, FAILED
    try:
        if not output.json:
            try:
                say(output, {}, parts, files)
                sys.stdout.flush()
            except BrokenPipeError as error:  # the pictures are wanted, even if nobody reads the tables to their end
                unread = error
        if folder is not None:
            with placing(folder, "" if manifest else "figures", manifest=manifest) as place:
                drawn, problems = _draw(list(pictures), place, within, kinds, output.lang)
                final["pictures"] = drawn
                if manifest:
                    final = place.close(final)
    except KeyboardInterrupt:
        text = "interrupted; the results are written" + (", the pictures are not" if folder is not None else "")
        problems, code = [*problems, Problem(str(folder or ""), "", text)], INTERRUPTED
    except (OSError, HudnaError) as error:
        text = f"the results are written, the pictures are not: {getattr(error, 'strerror', None) or error}"
        problems = [*problems, Problem(str(folder or ""), "", text)]
    print_problems(problems)
    if output.json:
        print_json({**data(final), "problems": problems_data(problems)})
    if unread is not None:
        raise unread
    if problems:
        raise typer.Exit(code)


def _draw(
    pictures: Sequence[Picture], place: Folder, within: str, kinds: Sequence[str], lang: Language
) -> tuple[dict[str, list[str]], list[Problem]]:
    """Draw pictures into a folder, with a bar on a terminal; return what was drawn, and what could not be."""
    from hudna.report.figures import write_pictures

    def write(name: str, data: bytes) -> None:
        place.write(f"{within}/{name}" if within else name, data)

    if not sys.stderr.isatty():
        print(_word("drawing", lang).format(len(pictures)), file=sys.stderr, flush=True)
    with progress_bar(_word("pictures", lang), lang) as (progress, _):
        drawn, problems = write_pictures(pictures, write, kinds=kinds, progress=progress)
    where = place.target / within
    return drawn, [replace(problem, where=str(where / problem.where)) for problem in problems]
