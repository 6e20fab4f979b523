"""Results: labelled, saved, opened again."""

from hudna.result.opening import open_result
from hudna.result.result import Result
from hudna.scenario.labels import OutcomeLabel, SeriesLabel

__all__ = ["OutcomeLabel", "Result", "SeriesLabel", "open_result"]
