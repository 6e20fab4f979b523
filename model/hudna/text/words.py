"""Words in each language: a file of `languages/` a language, a section of it a module, and `shared` for several.

A further language is a further file. Of a language without one only the labels of a case are; the words are English.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from hudna.errors import InputError

__all__ = ["CODES", "LANGUAGES", "Language", "Words", "check_language", "entry", "languages", "right_to_left"]

Language: TypeAlias = str  # a code of ISO 639-1, or ckb, Central Kurdish
_FILES = Path(__file__).parent / "languages"
LANGUAGES: tuple[Language, ...] = tuple(sorted((f.stem for f in _FILES.glob("*.toml")), key=lambda lang: lang != "en"))
_CODES = """
aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch ckb co cr cs cu cv cy da de dv dz ee el en eo es
et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj
kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv
ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti
tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
CODES = frozenset(_CODES.split())
_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})


@lru_cache
def _read(lang: Language) -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads((_FILES / f"{lang}.toml").read_text("utf-8")) if lang in LANGUAGES else {}


def entry(key: str, lang: Language, *sections: str) -> Any:
    """Return what the first of these sections that has a key says, in English if a language has it in none."""
    for own in (_read(lang), _read("en")):
        for section in sections:
            if key in own.get(section, ()):
                return own[section][key]
    raise KeyError(key)


@dataclass(frozen=True)
class Words:
    """The words of a module: those of its section, and those shared. What a language lacks is in English.

    Examples
    --------
    >>> word = Words("text.runs")
    >>> word("seed", "en"), word("mean", "en"), word("seed", "fr")
    ('seed', 'mean', 'seed')
    """

    section: str

    def __call__(self, key: str, lang: Language) -> str:
        """Return the word of this key in a language."""
        return str(entry(key, lang, self.section, "shared"))


def right_to_left(lang: Language) -> bool:
    """Whether a language is written from the right."""
    return lang in _RIGHT_TO_LEFT


def languages(of: Any) -> tuple[Language, ...]:
    """Return the languages that have words, and those of the labels in something: a case, a result, plain data."""
    found = dict.fromkeys(LANGUAGES)

    def look(part: Any) -> None:
        part = part.model_dump() if hasattr(part, "model_dump") else getattr(part, "attrs", part)
        part = vars(part) if is_dataclass(part) else part
        if isinstance(part, Mapping) and isinstance(part.get("en"), str):
            found.update(dict.fromkeys(lang for lang, text in part.items() if text and lang in CODES))
        elif isinstance(part, Mapping | list | tuple):
            for inner in part.values() if isinstance(part, Mapping) else part:
                look(inner)

    look(of)
    return tuple(found)


def check_language(where: str, lang: object, of: Any = ()) -> None:
    """Raise `InputError` for a language that has no words, unless there are labels in it in what is to be shown."""
    if lang in LANGUAGES or lang in (known := languages(of)):
        return
    *most, last = (repr(language) for language in known)
    raise InputError.of(where, f"must be {', '.join(most)} or {last}", key="lang", given=repr(lang))
