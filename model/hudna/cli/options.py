"""The arguments and options that several commands share: alone, or as an object that holds a group of them."""

from __future__ import annotations

import datetime as dt
import functools
import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from hudna.errors import InputError
from hudna.text.words import LANGUAGES, Language, check_language

if TYPE_CHECKING:
    import pandas as pd

    from hudna.learn.calibration import Sizes as SizesOf

__all__ = [
    "ASK", "CASES", "JUDGE", "OUTPUT", "RUN", "Case", "Changes", "Everything", "FromDate", "Learning",
    "NoFigures", "Outcomes", "Output", "Policies", "Sheet", "Sizes", "ToLess", "ToOutcome", "ToPolicy",
    "ToScenario", "examples", "grouped", "is_run", "option", "shipped_cases", "shipped_scenarios",
]  # fmt: skip

ASK, CASES, JUDGE = "Ask", "Look at a case, write one", "Learn, and be judged by events"  # groups of commands
RUN, OUTPUT = "Run", "Output"  # panels of options


def shipped_scenarios() -> list[str]:
    """Return the names that a shell completes where a scenario is asked for."""
    from hudna import shipped

    return list(shipped.scenarios())


def shipped_cases() -> list[str]:
    """Return the names that a shell completes where a case is asked for."""
    from hudna import shipped

    return list(shipped.cases())


def _shipped_names() -> list[str]:
    return sorted({*shipped_cases(), *shipped_scenarios()})


def examples(*commands: str) -> str:
    """Return the text that ends a command's help."""
    return "\n\n".join(["Examples:", *(f"hudna {command}" for command in commands)])  # lines, to every typer


def option(panel: str, text: str, *names: str, metavar: str | None = "N") -> Any:
    """Return an option in a panel of the help; one that takes no value has `metavar=None`."""
    return typer.Option(*names, metavar=metavar, help=text, rich_help_panel=panel)


ToOutcome = Annotated[str, typer.Argument(metavar="OUTCOME", help="An outcome of the scenario.")]
ToPolicy = Annotated[str, typer.Argument(metavar="POLICY", help="A policy.")]
ToLess = Annotated[str | None, typer.Argument(metavar="LESS", help="Another, to take off.")]
ToScenario = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO", help="A TOML file, or the name of a shipped scenario.", autocompletion=shipped_scenarios
    ),
]
Case = Annotated[
    str,
    typer.Argument(
        metavar="CASE",
        help="A case's folder, a scenario's file, or the name of a shipped one.",
        autocompletion=_shipped_names,
    ),
]
Policies = Annotated[list[str] | None, option(RUN, "Run this one; may be repeated.", "--policy", metavar="POLICY")]
Outcomes = Annotated[
    list[str] | None,
    option(OUTPUT, "Show this one; may be repeated. The headline if left out.", "--outcome", metavar="OUTCOME"),
]
Changes = Annotated[
    list[str] | None,
    option(RUN, "Change a value of the scenario's file; may be repeated.", "--set", metavar="KEY=VALUE"),
]
NoFigures = Annotated[bool, option(OUTPUT, "Draw no pictures.", "--no-figures", metavar=None)]
Everything = Annotated[
    bool, option(OUTPUT, "Print every outcome, not only the scenario's headline.", "--all", metavar=None)
]
_N = int | None


@dataclass(frozen=True)
class Sizes:
    """How much is run, of what and how; what is None is the scenario's own."""

    draws: Annotated[_N, option(RUN, "Samples of the uncertain parameters.")] = None
    paths: Annotated[_N, option(RUN, "Futures per draw.")] = None
    seed: Annotated[_N, option(RUN, "The same seed gives the same numbers.")] = None
    engine: Annotated[str, option(RUN, "auto, vm (compiled) or oracle (plain); same events.", metavar="ENGINE")] = (
        "auto"
    )
    threads: Annotated[_N, option(RUN, "Processors to use; does not change the result.")] = None
    prior: Annotated[
        bool, option(RUN, "Draw parameters from their priors, not from the posterior.", "--prior", metavar=None)
    ] = False
    changes: Changes = None

    def keywords(self) -> dict[str, Any]:
        """Return the arguments of `hudna.run` that these are; the changes are of the scenario."""
        given = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in ("prior", "changes")}
        return {**given, "belief": "prior" if self.prior else None}


@dataclass(frozen=True)
class FromDate(Sizes):
    """The same of a run that may start from the state of the world on a date."""

    as_of: Annotated[str | None, option(RUN, "Start from the state of the world on this date.", metavar="DATE")] = None
    given: Annotated[Path | None, option(RUN, "Observations to use instead of the case's own.", metavar="FILE")] = None

    def keywords(self) -> dict[str, Any]:
        """Return the same with the date as one; what is none is an `InputError`."""
        try:
            return {**super().keywords(), "as_of": None if self.as_of is None else dt.date.fromisoformat(self.as_of)}
        except ValueError:
            text, given = "must be a date such as 2024-08-22", repr(self.as_of)
            raise InputError.of("run", text, key="as_of", given=given) from None


@dataclass(frozen=True)
class Learning:
    """From what, and with how much work, parameters are learned."""

    record: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of observations.toml; its default one if left out.")
    ] = None
    islands: Annotated[_N, option(RUN, "Samplers with seeds of their own, 2 or more; 4 if left out.")] = None
    draws: Annotated[_N, option(RUN, "Samples of the parameters in each, 20 or more; 300 if left out.")] = None
    paths: Annotated[_N, option(RUN, "Paths that filter each sample, 10 or more; 120 if left out.")] = None
    seed: Annotated[int, option(RUN, "The same seed gives the same numbers.")] = 1
    threads: Annotated[_N, option(RUN, "Processors to use; does not change the result.")] = None

    def sizes(self, keep: int | None = None) -> SizesOf:
        """Return the sizes of a calibration: those that are given, the others as they are by default."""
        from hudna.learn.calibration import Sizes

        given = {name: size for name in ("islands", "draws", "paths") if (size := getattr(self, name)) is not None}
        plain = replace(Sizes(), **given)
        return replace(plain, keep=min(plain.keep, plain.islands * plain.draws) if keep is None else keep)


@dataclass(frozen=True)
class Output:
    """In which language what was found is said, and whether to machines."""

    lang: Annotated[
        str,
        option(OUTPUT, "Language of tables, notices and pictures, or one of the case's own labels.", metavar="en|ar"),
    ] = "en"
    json: Annotated[bool, option(OUTPUT, "Print JSON, for machines.", "--json", metavar=None)] = False

    def language(self, *sources: str | Path) -> Language:
        """Return the language: one that has words, or that labels of these scenarios, cases or runs are in."""
        if self.lang not in LANGUAGES:
            from hudna.result import open_result
            from hudna.scenario.reading import case_of

            check_language(
                "hudna", self.lang, [open_result(of) if is_run(of) else case_of(of, posterior=False) for of in sources]
            )
        return self.lang


def is_run(place: str | Path) -> bool:
    """Whether it is the folder or the file of a run's result."""
    return Path(place).suffix == ".nc" or os.path.exists(Path(place) / "result.nc")  # noqa: PTH110 (never raises)


@dataclass(frozen=True)
class Sheet(Output):
    """The same of what is one table, which can be written whole to a file too."""

    csv: Annotated[Path | None, option(OUTPUT, "Write the whole table to this CSV file.", metavar="FILE")] = None

    def __post_init__(self) -> None:
        from hudna.files.whole import check_file

        check_file(self.csv)

    def write(self, whole: pd.DataFrame) -> list[Path]:
        """Write the whole table, if it is asked for; return the files that were written."""
        from hudna.files.whole import write_file
        from hudna.text.table import as_csv

        if self.csv is None:
            return []
        write_file(self.csv, as_csv(whole))
        return [self.csv]


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the fields of each group among its arguments as options of its own."""
    given = inspect.signature(command, eval_str=True)
    groups: dict[str, Any] = {
        name: one.annotation for name, one in given.parameters.items() if is_dataclass(one.annotation)
    }
    options: list[inspect.Parameter] = []
    for name, one in given.parameters.items():
        if name not in groups:
            options.append(one.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        hints = get_type_hints(groups[name], include_extras=True)
        options += (
            inspect.Parameter(
                field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
            )
            for field in fields(groups[name])
        )

    @functools.wraps(command)
    def call(**words: Any) -> None:
        made = {name: kind(**{one.name: words.pop(one.name) for one in fields(kind)}) for name, kind in groups.items()}
        command(**words, **made)

    call.__signature__ = given.replace(parameters=options)  # type: ignore[attr-defined]
    call.__annotations__ = {one.name: one.annotation for one in options}
    return call
