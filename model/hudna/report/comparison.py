"""What a comparison of scenarios leaves behind: one table of everything, and a picture an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hudna.report.folder import Folder

if TYPE_CHECKING:
    from hudna.analysis.compare import Comparison
    from hudna.case.grammar import Language

__all__ = ["write_comparison"]

_COMMON = ("draws", "paths", "seed", "versions")
_OWN = ("case", "config_hash", "program", "made")


def write_comparison(comparison: Comparison, folder: Folder, *, lang: Language = "en") -> dict[str, Any]:
    """Write comparison.csv, figures/ and manifest.json; return the manifest."""
    from hudna import plot
    from hudna.report.figures import write_figure

    table = comparison.frame(lang)
    table.to_csv(folder.aside / "comparison.csv", index=False, lineterminator="\n", encoding="utf-8")
    figures = folder.aside / "figures"
    figures.mkdir()
    for name in comparison.outcomes:
        write_figure(plot.grid(comparison, name, lang=lang), figures / f"grid-{name}.png")
    first = comparison.results[0].about
    scenarios = {result.about["scenario"]: {key: result.about[key] for key in _OWN} for result in comparison.results}
    chosen = {"outcomes": list(comparison.outcomes), "policies": list(comparison.policies), "lang": lang}
    return folder.close({**{key: first[key] for key in _COMMON}, "scenarios": scenarios, **chosen})
