"""The command line: `hudna run`, `list`, `copy`, `check`, `show`, `schema`."""

from hudna.cli.main import main

__all__ = ["main"]
