"""Everything that a run writes: the result, its tables, its figures, and what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hudna.report.figures import draw_figures
from hudna.report.folder import Folder

if TYPE_CHECKING:
    import pandas as pd

    from hudna.case.grammar import Language
    from hudna.result import Result

__all__ = ["difference_table", "outcome_table", "write_outputs"]

_KEPT = ("scenario", "case", "changes", "config_hash", "program", "seed", "draws", "paths", "made", "versions")


def write_outputs(
    result: Result, folder: Folder, *, lang: Language = "en", with_figures: bool = True
) -> dict[str, Any]:
    """Write result.nc, outcomes.csv, differences.csv, figures/ and manifest.json; return the manifest."""
    result.save(folder.aside / "result.nc")
    for name, table in (
        ("outcomes", outcome_table(result, lang)),
        ("differences", difference_table(result, lang)),
    ):
        table.to_csv(folder.aside / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")
    if with_figures:
        draw_figures(result, folder.aside / "figures", lang=lang)
    about = {**{key: result.about[key] for key in _KEPT}, "notices": result.about.get("notices", [])}
    return folder.close({**about, "policies": list(result.policies), "lang": lang})


def outcome_table(result: Result, lang: Language = "en") -> pd.DataFrame:
    """Return `result.table()` with policy and outcome as columns."""
    return result.table(lang).reset_index()


def difference_table(result: Result, lang: Language = "en") -> pd.DataFrame:
    """Return the paired differences a - b of every contrast, a row per contrast and outcome."""
    import pandas as pd

    parts = []
    for a, b in result.about["contrasts"]:
        part = result.contrast(a, b, lang).reset_index()
        part.insert(0, "a", a)
        part.insert(1, "b", b)
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["a", "b", "outcome"])
