"""What `hudna explain` writes: the parts of a level as tables, and pictures of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.analysis.attribution import Attribution, Grouping
from hudna.case.grammar import Language
from hudna.report.figures import write_figure
from hudna.report.folder import Folder

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["contrast_table", "write_attribution"]


def write_attribution(
    found: Attribution, folder: Folder, *, by: Grouping, lang: Language = "en", with_figures: bool = True
) -> dict[str, Any]:
    """Write parts.csv, differences.csv, over-time.csv, pictures and manifest.json; return the manifest."""
    tables = {
        "parts": found.table(by, lang).reset_index(),
        "differences": contrast_table(found, by, lang),
        "over-time": found.over_time(by, lang).reset_index(),
    }
    for name, table in tables.items():
        table.to_csv(folder.aside / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")
    if with_figures:
        _draw(found, folder, by, lang)
    about = {key: found.about[key] for key in ("name", "draws", "paths", "seed")}
    return folder.close({**about, "level": found.level, "by": by, "window": list(found.window), "lang": lang})


def contrast_table(found: Attribution, by: Grouping, lang: Language = "en") -> pd.DataFrame:
    """Return the parts of every contrast's difference a - b, a row per contrast and part."""
    import pandas as pd

    parts = []
    for a, b in found.contrasts:
        part = found.contrast(a, b, by, lang).reset_index()
        part.insert(0, "a", a)
        part.insert(1, "b", b)
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["a", "b", "part"])


def _draw(found: Attribution, folder: Folder, by: Grouping, lang: Language) -> None:
    from hudna import plot

    target = folder.aside / "figures"
    target.mkdir()
    for policy in found.policies:
        write_figure(plot.attribution(found, policy, by=by, lang=lang), target / f"over-time-{policy}.png")
        write_figure(plot.attribution_bars(found, policy, by=by, lang=lang), target / f"parts-{policy}.png")
    for a, b in found.contrasts:
        if np.any(found.window_means[found.place(a)] != found.window_means[found.place(b)]):
            write_figure(plot.attribution_bars(found, a, b, by=by, lang=lang), target / f"difference-{a}-{b}.png")
