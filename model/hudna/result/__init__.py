"""Results: labelled, saved, opened again."""

from hudna.result.labels import OutcomeLabel, SeriesLabel
from hudna.result.opening import open_result
from hudna.result.result import Result

__all__ = ["OutcomeLabel", "Result", "SeriesLabel", "open_result"]
