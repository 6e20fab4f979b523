"""What a comparison of scenarios leaves behind: one table of everything, and a picture an outcome."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from hudna.files.whole import Folder
from hudna.text.table import as_csv

if TYPE_CHECKING:
    from hudna.analysis.compare import Comparison
    from hudna.report.figures import Picture
    from hudna.text.words import Language

__all__ = ["pictures", "write_comparison"]

_COMMON = ("draws", "paths", "seed", "versions")
_OWN = ("case", "changes", "config_hash", "program", "made")


def pictures(comparison: Comparison, lang: Language = "en") -> list[Picture]:
    """Return a picture per outcome."""
    from hudna import plot

    return [(("grid", name), partial(plot.grid, comparison, name, lang=lang)) for name in comparison.outcomes]


def write_comparison(comparison: Comparison, folder: Folder, *, lang: Language = "en") -> dict[str, Any]:
    """Write comparison.csv and manifest.json; return the manifest."""
    folder.write("comparison.csv", as_csv(comparison.frame(lang)))
    first = comparison.results[0].about
    scenarios = {result.about["scenario"]: {key: result.about[key] for key in _OWN} for result in comparison.results}
    chosen = {"outcomes": list(comparison.outcomes), "policies": list(comparison.policies), "lang": lang}
    return folder.close({**{key: first[key] for key in _COMMON}, "scenarios": scenarios, **chosen})
