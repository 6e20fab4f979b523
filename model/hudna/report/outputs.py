"""What a run writes before its figures: the result, its tables, and what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hudna.files.whole import Folder
from hudna.text.table import as_csv

if TYPE_CHECKING:
    import pandas as pd

    from hudna.result import Result
    from hudna.text.words import Language

__all__ = ["difference_table", "write_outputs"]

_KEPT = ("scenario", "case", "changes", "config_hash", "program", "seed", "draws", "paths", "made", "versions")


def write_outputs(
    result: Result, folder: Folder, pooled: pd.DataFrame | None = None, *, lang: Language = "en"
) -> dict[str, Any]:
    """Write result.nc, outcomes.csv, differences.csv, pool.csv of a pooled forecast, and manifest.json; return that."""
    folder.write("result.nc", result.as_netcdf())
    folder.write("outcomes.csv", as_csv(result.table(lang)))
    folder.write("differences.csv", as_csv(difference_table(result, lang)))
    if pooled is not None:
        folder.write("pool.csv", as_csv(pooled))
    about = {key: result.about[key] for key in _KEPT}
    return folder.close({**about, "policies": list(result.policies), "lang": lang})


def difference_table(result: Result, lang: Language = "en") -> pd.DataFrame:
    """Return the paired differences a - b of every contrast, a row per contrast and outcome."""
    import pandas as pd

    parts = {(a, b): result.contrast(a, b, lang) for a, b in result.about["contrasts"]}
    return pd.concat(parts, names=["a", "b"]).reset_index() if parts else pd.DataFrame(columns=["a", "b", "outcome"])
