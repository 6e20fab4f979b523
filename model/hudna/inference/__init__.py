"""Judging by events: what parameters and forecasts are worth, seen by what happened."""
