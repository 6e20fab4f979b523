"""What a result says: estimates, tables, contrasts."""

from hudna.analysis.estimate import Estimate, estimate
from hudna.analysis.tables import contrast, differences, table

__all__ = ["Estimate", "contrast", "differences", "estimate", "table"]
