"""Judging by events: forecasts and their scores, baselines, skill, backtests, predictive checks."""
