"""What is kept between runs: shown, and cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from hudna.cli.commands import app
from hudna.cli.options import OUTPUT, Output, examples, grouped, option
from hudna.cli.printing import say
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudna.files.cache import Cache

__all__ = ["cache"]

_MB = 2**20
_word = Words("cli.cache")


@app.command(epilog=examples("cache", "cache --clear"))
@grouped
def cache(
    clear: Annotated[bool, option(OUTPUT, "Remove what is kept.", "--clear", metavar=None)] = False,
    *,
    output: Output,
) -> None:
    """Show, or clear, what is kept between runs: filtered starts, so that the same start is not filtered again."""
    from hudna.files.cache import cache as current

    language, found = output.language(), current()
    removed = found.clear() if clear else None
    files = found.files()
    data = {
        "folder": None if found.folder is None else str(found.folder),
        "starts": len(files), "bytes": sum(size for _, size, _ in files), "limit": found.limit, "removed": removed,
    }  # fmt: skip
    say(output, data, _lines(found, removed, language))


def _lines(found: Cache, removed: int | None, lang: Language) -> Iterator[str]:
    if found.folder is None:
        yield _word("off", lang)
        return
    yield _word("folder", lang).format(found.folder)
    if removed is not None:
        yield _word("removed", lang).format(removed)
    files = found.files()
    size = sum(size for _, size, _ in files) / _MB
    yield _word("kept", lang).format(len(files), size, found.limit / _MB)
