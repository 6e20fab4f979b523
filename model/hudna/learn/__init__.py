"""Learning from rows: their likelihood, the filter, calibration, and a start from a date."""
