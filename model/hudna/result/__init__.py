"""Results: labelled, saved, opened again."""

from hudna.result.result import OutcomeLabel, Result, SeriesLabel
from hudna.result.storage import open_result

__all__ = ["OutcomeLabel", "Result", "SeriesLabel", "open_result"]
