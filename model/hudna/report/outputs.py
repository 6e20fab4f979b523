"""What a run writes before its figures: the result, its tables, and what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hudna.files.whole import Folder, as_csv

if TYPE_CHECKING:
    import pandas as pd

    from hudna.result import Result
    from hudna.text.words import Language

__all__ = ["difference_table", "outcome_table", "write_outputs"]

_KEPT = ("scenario", "case", "changes", "config_hash", "program", "seed", "draws", "paths", "made", "versions")


def write_outputs(result: Result, folder: Folder, *, lang: Language = "en") -> dict[str, Any]:
    """Write result.nc, outcomes.csv, differences.csv and manifest.json; return the manifest."""
    folder.write("result.nc", result.as_netcdf())
    folder.write("outcomes.csv", as_csv(outcome_table(result, lang)))
    folder.write("differences.csv", as_csv(difference_table(result, lang)))
    about = {key: result.about[key] for key in _KEPT}
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
