"""What `hudna explain` writes: the parts of a level as tables, and pictures of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.analysis.attribution import Attribution, Grouping
from hudna.files.whole import Folder
from hudna.text.table import as_csv
from hudna.text.words import Language

if TYPE_CHECKING:
    import pandas as pd

    from hudna.report.figures import Picture

__all__ = ["contrast_table", "pictures", "write_attribution"]


def write_attribution(found: Attribution, folder: Folder, *, by: Grouping, lang: Language = "en") -> dict[str, Any]:
    """Write parts.csv, differences.csv, over-time.csv and manifest.json; return the manifest."""
    folder.write("parts.csv", as_csv(found.table(by, lang)))
    folder.write("differences.csv", as_csv(contrast_table(found, by, lang)))
    folder.write("over-time.csv", as_csv(found.over_time(by, lang)))
    about = {key: found.about[key] for key in ("name", "draws", "paths", "seed")}
    return folder.close({**about, "level": found.level, "by": by, "window": list(found.window), "lang": lang})


def contrast_table(found: Attribution, by: Grouping, lang: Language = "en") -> pd.DataFrame:
    """Return the parts of every contrast's difference a - b, a row per contrast and part."""
    import pandas as pd

    parts = {(a, b): found.contrast(a, b, by, lang) for a, b in found.contrasts}
    return pd.concat(parts, names=["a", "b"]).reset_index() if parts else pd.DataFrame(columns=["a", "b", "part"])


def pictures(found: Attribution, *, by: Grouping, lang: Language = "en") -> Iterator[Picture]:
    """Yield the parts of each policy over time and as bars, and those of the differences that are not 0."""
    from hudna import plot

    for policy in found.policies:
        yield ("over-time", policy), partial(plot.attribution, found, policy, by=by, lang=lang)
        yield ("parts", policy), partial(plot.attribution_bars, found, policy, by=by, lang=lang)
    for a, b in found.contrasts:
        if np.any(found.window_means[found.place(a)] != found.window_means[found.place(b)]):
            yield ("difference", a, b), partial(plot.attribution_bars, found, a, b, by=by, lang=lang)
