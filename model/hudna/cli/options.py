"""The arguments and options that several commands share, each said once, in the groups that help shows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "ASK",
    "CASES",
    "JUDGE",
    "OUTPUT",
    "RUN",
    "AsJson",
    "AsOf",
    "Case",
    "Csv",
    "Draws",
    "Everything",
    "Lang",
    "NoFigures",
    "Outcomes",
    "Paths",
    "Policies",
    "Prior",
    "Seed",
    "Threads",
    "ToScenario",
    "examples",
    "shipped_cases",
    "shipped_names",
    "shipped_scenarios",
]

ASK, CASES, JUDGE = "Ask", "Look at a case, write one", "Learn, and be judged by events"  # groups of commands
RUN, OUTPUT = "Run", "Output"  # groups of options


def shipped_scenarios() -> list[str]:
    """Return the names that a shell completes where a scenario is asked for."""
    from hudna import shipped

    return list(shipped.scenarios())


def shipped_cases() -> list[str]:
    """Return the names that a shell completes where a case is asked for."""
    from hudna import shipped

    return list(shipped.cases())


def shipped_names() -> list[str]:
    """Return the names that a shell completes where a case or a scenario is asked for."""
    return sorted({*shipped_cases(), *shipped_scenarios()})


def examples(*commands: str) -> str:
    """Return the text that ends a command's help."""
    return "\n\n".join(["Examples:", *(f"hudna {command}" for command in commands)])  # lines, to every typer


ToScenario = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO",
        help="A TOML file, or the name of a shipped scenario.",
        autocompletion=shipped_scenarios,
    ),
]
Case = Annotated[
    str,
    typer.Argument(
        metavar="CASE",
        help="A case's folder, a scenario's file, or the name of a shipped one.",
        autocompletion=shipped_names,
    ),
]
Draws = Annotated[
    int | None, typer.Option(metavar="N", help="Samples of the uncertain parameters.", rich_help_panel=RUN)
]
Paths = Annotated[int | None, typer.Option(metavar="N", help="Futures per draw.", rich_help_panel=RUN)]
Seed = Annotated[
    int | None, typer.Option(metavar="N", help="The same seed gives the same numbers.", rich_help_panel=RUN)
]
Policies = Annotated[
    list[str] | None,
    typer.Option("--policy", metavar="POLICY", help="Run this one; may be repeated.", rich_help_panel=RUN),
]
AsOf = Annotated[
    str | None,
    typer.Option(metavar="DATE", help="Start from the state of the world on this date.", rich_help_panel=RUN),
]
Prior = Annotated[
    bool,
    typer.Option("--prior", help="Draw parameters from their priors, not from the posterior.", rich_help_panel=RUN),
]
Outcomes = Annotated[
    list[str] | None,
    typer.Option(
        "--outcome", metavar="OUTCOME", help="Show this one; may be repeated. The headline if left out.",
        rich_help_panel=OUTPUT,
    ),
]  # fmt: skip
Threads = Annotated[
    int | None,
    typer.Option(metavar="N", help="Processors to use; does not change the result.", rich_help_panel=RUN),
]
Csv = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write the whole table to this CSV file.", rich_help_panel=OUTPUT),
]
Lang = Annotated[
    str,
    typer.Option(
        metavar="en|ar",
        help="Language of tables, notices and pictures, or one of the case's own labels.",
        rich_help_panel=OUTPUT,
    ),
]
NoFigures = Annotated[bool, typer.Option("--no-figures", help="Draw no pictures.", rich_help_panel=OUTPUT)]
Everything = Annotated[
    bool,
    typer.Option("--all", help="Print every outcome, not only the scenario's headline.", rich_help_panel=OUTPUT),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.", rich_help_panel=OUTPUT)]
