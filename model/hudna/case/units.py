"""Arabic for the units that parameters are commonly measured in; a unit it does not know stays as it is written."""

from __future__ import annotations

from hudna.case.grammar import Text

__all__ = ["unit_text"]

_OF = {
    "1/week": "في الأسبوع",
    "acts/week": "موقف/أسبوع",
    "attacks/week": "هجوم/أسبوع",
    "attacks/week, all theatres": "هجوم/أسبوع، كل الساحات",
    "log odds": "لوغاريتم الأرجحية",
    "log rate": "لوغاريتم المعدل",
    "log rate from pressure 0.6 to 1.6": "لوغاريتم المعدل، من ضغط 0.6 إلى 1.6",
    "log rate from recovery 0.5 to 1.5": "لوغاريتم المعدل، من تعاف 0.5 إلى 1.5",
    "persons": "أشخاص",
    "power": "أس",
    "probability": "احتمال",
    "ratio": "نسبة",
    "share of attacks": "نسبة من الهجمات",
    "weeks": "أسابيع",
}
_PER = {
    "attack": "هجوم",
    "attack in a week": "هجوم في الأسبوع",
    "attack that kills": "هجوم قاتل",
    "attack that wounds": "هجوم يوقع جرحى",
    "fatal attack": "هجوم قاتل",
    "strike": "ضربة",
    "unit of capability": "وحدة من القدرة",
    "unit of presence": "وحدة من الوجود",
    "unit of presence in Syria": "وحدة من الوجود في سوريا",
    "unit of support": "وحدة من الإسناد",
    "unit of weight": "وحدة من الوزن",
}


def unit_text(unit: str) -> Text:
    """Return a parameter's unit as a reader sees it.

    Examples
    --------
    >>> unit_text("log odds per strike").get("ar")
    'لوغاريتم الأرجحية لكل ضربة'
    >>> unit_text("barrels").get("ar")
    'barrels'
    """
    of, _, per = unit.partition(" per ")
    if of not in _OF or (per and per not in _PER):
        return Text(en=unit)
    return Text(en=unit, ar=f"{_OF[of]} لكل {_PER[per]}" if per else _OF[of])
