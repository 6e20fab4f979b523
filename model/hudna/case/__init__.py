"""What is believed: actors, ties, drivers and parameters, read from TOML and checked."""

from hudna.case.case import About, Case, Press
from hudna.case.load import load_case

__all__ = ["About", "Case", "Press", "load_case"]
