"""Section 5: what common random numbers gain, as factors by which the variance of a difference shrinks."""

from __future__ import annotations

from itertools import combinations

from report import Section
from settings import Settings
from timing import note, rounded

import hudna

__all__ = ["section"]

_OUTCOMES = (
    "attacks",
    "attacks_iraq",
    "attacks_13w",
    "pressure",
    "pressure_peak",
    "pressure_end",
    "isis",
    "isis_centre_north",
)


def section(settings: Settings) -> Section:
    """Run the Iraq question once and compare every pair of policies."""
    out = Section("Common random numbers")
    draws, paths = settings.size(500, 20), settings.size(200, 20)
    note("common random numbers: iraq-2024")
    result = hudna.run("iraq-2024", draws=draws, paths=paths, engine=settings.fastest)
    out.text(
        "Every policy sees the same random numbers. The factor is (var a + var b) / var(a - b) within draws,",
        "`vr_factor` of `result.contrast`: so many times more paths would be needed without.",
        f"iraq-2024, {draws} draws of {paths} paths.",
    )
    pairs = list(combinations(result.policies, 2))
    columns = {(a, b): result.contrast(a, b)["vr_factor"] for a, b in pairs}
    out.table(
        ["outcome", *(f"{a} - {b}" for a, b in pairs)],
        [[name, *(rounded(float(columns[pair][name])) for pair in pairs)] for name in _OUTCOMES],
    )
    return out
