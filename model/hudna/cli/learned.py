"""What was learned of each parameter, as lines: prior and posterior side by side."""

from __future__ import annotations

from hudna.learn.calibration import Calibration
from hudna.text.columns import heading
from hudna.text.table import Table, column
from hudna.text.words import Language, Words

__all__ = ["learned_parameters"]

_word = Words("cli.learned")


def learned_parameters(calibration: Calibration, lang: Language = "en") -> Table:
    """Lay out the parameters that the rows said something about, most first, and count the others."""
    import pandas as pd

    found = sorted(calibration.learned.items(), key=lambda item: item[1].overlap)
    rows = [
        {"name": name, **{key: " ".join(f"{x:.3g}" for x in getattr(learned, key)) for key in ("prior", "posterior")},
         **{key: f"{getattr(learned, key):.2f}" for key in ("overlap", "rhat")}}
        for name, learned in found if learned.calibrated
    ]  # fmt: skip
    columns = [column(heading(key, _word), key) for key in ("prior", "posterior", "overlap", "rhat")]
    rest = _word("rest", lang).format(len(found) - len(rows))
    return Table(_word("heading", lang), pd.DataFrame(rows), columns, lang, notes=[rest])
