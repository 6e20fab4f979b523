"""What a run was, in words: how big it is, what it started from, and what must be known of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hudna.text.numbers import date, iso_date, number_of
from hudna.text.words import Language, Words

__all__ = ["belief", "notices", "origin", "run_size", "size", "size_of"]

_word = Words("text.runs")


def size(draws: int, paths: int, lang: Language, seed: int | None = None) -> list[str]:
    """Return the parts of a caption that say a run's size."""
    parts = [f"{number_of(draws, 'draw', lang)} × {number_of(paths, 'path', lang)} {_word('each', lang)}"]
    return parts if seed is None else [*parts, f"{_word('seed', lang)} {seed}"]


def run_size(draws: int, paths: int, seed: int, lang: Language = "en") -> str:
    """Return the size of a run, and its seed, in a line."""
    numbers = {"draws": number_of(draws, "draw", lang), "paths": number_of(paths, "path", lang), "seed": seed}
    return _word("run size", lang).format(**numbers)


def size_of(about: Mapping[str, Any], lang: Language = "en") -> str:
    """Return the same of what has `draws`, `paths` and `seed` as plain data."""
    return run_size(about["draws"], about["paths"], about["seed"], lang)


def origin(given: Mapping[str, Any], lang: Language) -> list[str]:
    """Return the parts of a caption that say what a run started from: the state of the world, the parameters."""
    start = _word("given starts", lang)
    if "as_of" in given:
        start = _word("as of", lang).format(date(given["as_of"], lang))
    until = given.get("learned_until")
    believed = _word(f"from {given.get('belief', 'prior')}", lang).format(date(until, lang) if until else "")
    return [start, believed, *notices(given, lang)]


def belief(given: Mapping[str, Any], lang: Language) -> str:
    """Return what the parameters of a run were drawn from: until when they were learned, and from which record."""
    name = given.get("record_name", {})
    record = name.get(lang) or name.get("en") or given.get("record", "")
    return _word(given.get("belief", "prior"), lang).format(iso_date(given.get("learned_until"), lang), record)


def notices(given: Mapping[str, Any], lang: Language) -> list[str]:
    """Return what readers must know of a run, or of the draws that it started from."""
    return [text.get(lang) or text["en"] for text in given.get("notices", ())]
