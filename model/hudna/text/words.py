"""Words in each language: data that a room of the package declares, and those that several rooms share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["LANGUAGES", "Language", "Words"]

Language: TypeAlias = Literal["en", "ar"]
LANGUAGES: tuple[Language, ...] = ("en", "ar")  # the order of the texts of a word


@dataclass(frozen=True)
class Words:
    """The words of a room, each in every language of `LANGUAGES`; a key that it lacks is one of those shared.

    Examples
    --------
    >>> word = Words({"ties": ("ties: {}", "الروابط: {}")})
    >>> word("ties", "en").format(3), word("mean", "en")
    ('ties: 3', 'mean')
    """

    own: Mapping[str, tuple[str, ...]]

    def __call__(self, key: str, lang: Language) -> str:
        """Return the word of this key in a language."""
        return (self.own.get(key) or _SHARED[key])[LANGUAGES.index(lang)]


_SHARED = {
    "comma": (", ", "، "),
    "mean": ("mean", "المتوسط"),
    "median": ("median", "الوسيط"),
    "estimate": ("estimate", "التقدير"),
    "difference": ("difference", "الفرق"),
    "less": ("less", "ناقص"),
    "lower": ("lower", "أقل"),
    "higher": ("higher", "أعلى"),
    "prior": ("prior", "القبلي"),
    "posterior": ("posterior", "البعدي"),
    "evidence": ("evidence", "أدلة"),
    "judgement": ("judgement", "تقدير"),
    "calibrated": ("calibrated", "معايرة"),
    "smallest": ("smallest", "الأقل"),
    "note": ("note", "ملاحظة"),
    "parameter": ("parameter", "المعامل"),
}
