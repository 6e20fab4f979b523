"""The commands, each a few lines around a call of the package. What is heavy is imported where it is used."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hudna import __version__
from hudna.cli.printing import print_json, print_lines, progress_bar
from hudna.errors import InputError, Problems, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hudna.case import Case
    from hudna.case.grammar import Language
    from hudna.case.parameters import Parameter
    from hudna.errors import Problem

__all__ = ["app", "day", "known_language"]

app = typer.Typer(
    name="hudna",
    help="What happens to the pressure on a government, and to the odds of attacks, under this policy or that one.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_Question = Annotated[str, typer.Argument(metavar="SCENARIO", help="A TOML file, or the name of a shipped scenario.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]


def _version(asked: bool) -> None:
    if asked:
        print(f"hudna {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def hudna(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 (its callback has done it)
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Look at what a command does with `hudna COMMAND --help`."""
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
def run(
    scenario: _Question,
    draws: Annotated[int | None, typer.Option(help="Samples of the uncertain parameters.")] = None,
    paths: Annotated[int | None, typer.Option(help="Futures per draw.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the random numbers; the same seed, the same numbers.")] = None,
    policy: Annotated[list[str] | None, typer.Option(metavar="POLICY", help="Run this one; may be repeated.")] = None,
    engine: Annotated[str, typer.Option(help="auto, vm (compiled) or oracle (plain).")] = "auto",
    threads: Annotated[int | None, typer.Option(help="Moves no bit of the result.")] = None,
    outcomes: Annotated[str, typer.Option(help="all, or summary: then memory does not grow with the paths.")] = "all",
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Start from the state of the world on this date.")
    ] = None,
    given: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Rows that tell it, instead of the case's own.")
    ] = None,
    prior: Annotated[bool, typer.Option("--prior", help="Draw from the priors, not from the posterior.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder to write; out/SCENARIO if left out.")] = None,
    lang: Annotated[str, typer.Option(help="en or ar, for tables and figures.")] = "en",
    no_figures: Annotated[bool, typer.Option("--no-figures", help="Write no figures.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Print every outcome; without it those of the scenario's headline.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Simulate a scenario under its policies and write the results."""
    from hudna.answer import run as simulate
    from hudna.beginning import check_arguments
    from hudna.cli import results
    from hudna.cli.pictures import finish
    from hudna.files.whole import replacing
    from hudna.report.figures import figures
    from hudna.report.outputs import write_outputs
    from hudna.scenario import load

    language = known_language(lang)
    question = load(scenario)
    options: dict[str, Any] = {
        "draws": draws, "paths": paths, "seed": seed, "policies": policy or None, "engine": engine, "threads": threads,
        "outcomes": outcomes, "as_of": day(as_of), "belief": "prior" if prior else None,
    }  # fmt: skip
    check_arguments(question, **options)
    target = out if out is not None else Path("out") / question.id
    with replacing(target) as folder:
        with progress_bar(question.file.name.get(language), language) as (progress, stage):
            result = simulate(question, given=given, progress=progress, stage=stage, **options)
        manifest = write_outputs(result, folder, lang=language)

    def show(final: Mapping[str, Any], problems: Sequence[Problem]) -> None:
        if as_json:
            results.print_data(result, target, final, problems)
        else:
            results.print_tables(result, target, language, everything=everything)

    drawn = None if no_figures else target
    finish(show, figures(result, language), drawn, manifest, kinds=("png", "svg"), lang=language, as_json=as_json)


def day(text: str | None) -> dt.date | None:
    """Return the date that an option gives; what is none is an `InputError`."""
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        raise InputError.of("run", "must be a date such as 2024-08-22", key="as_of", given=repr(text)) from None


def known_language(lang: str) -> Language:
    """Return the language of pictures and tables; another word is an `InputError`."""
    known: dict[str, Language] = {"en": "en", "ar": "ar"}
    if lang not in known:
        raise InputError.of("run", f"must be one of en, ar{nearest(lang, known)}", key="lang", given=repr(lang))
    return known[lang]


@app.command("list")
def list_(as_json: _Json = False) -> None:
    """List the shipped scenarios, with their questions and cases."""
    from hudna.scenario.describe import shipped_scenarios

    found = shipped_scenarios()
    if as_json:
        print_json({"scenarios": found})
        return
    for entry in found:
        print(f"{entry['scenario']}  (case {entry['case']})\n    {entry['question']}")


@app.command()
def copy(
    name: Annotated[str, typer.Argument(help="A shipped scenario; see hudna list.")],
    folder: Annotated[Path, typer.Argument(help="Where to; nothing that exists is overwritten.")],
    as_json: _Json = False,
) -> None:
    """Copy a shipped scenario and its case, to be edited."""
    from hudna import shipped

    written = shipped.copy(name, folder)
    if as_json:
        print_json({"written": [str(path) for path in written]})
        return
    for path in written:
        print(path)


@app.command()
def check(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO|CASE", help="A scenario, or the folder of a case.")],
    rows: Annotated[bool, typer.Option("--rows", help="List every row of observations, and what it feeds.")] = False,
    as_json: _Json = False,
) -> None:
    """Say everything that is wrong with a scenario or a case."""
    from hudna.case import load_case
    from hudna.cli import observations
    from hudna.engine import compile_scenario
    from hudna.scenario import load
    from hudna.scenario.claims import check_claims
    from hudna.scenario.describe import count

    path = Path(scenario)
    problems = Problems()
    if _is_folder(path):
        if not (path / "case.toml").exists():
            raise InputError.of(str(path), "is a folder without case.toml; give a scenario's file or a case's folder")
        case = load_case(path, problems)
        if case is None:
            raise InputError(problems)
        parameters = case.parameters
        found = count(case, case.nodes, parameters)
    else:
        question = load(scenario)
        compile_scenario(question)
        case, parameters = question.case, question.parameters
        found = count(case, question.nodes, parameters)
    notices = (*case.notices, *check_claims(case, problems))
    problems.raise_if_any()
    tested = sum(bool(claim.test) for claim in case.claims.values())
    if as_json:
        print_json({"problems": [], "notices": notices, "nodes": found.nodes, "parameters": found.parameters,
                    "ties": found.ties, "pressing": found.pressing,
                    "observations": observations.as_data(case, parameters),
                    "claims": {"tested": tested, "untested": len(case.claims) - tested},
                    "posterior": _posterior(case, parameters)})  # fmt: skip
        return
    print("ok")
    print("nodes: " + ", ".join(f"{n} {kind}" for kind, n in found.nodes.items()))
    print("parameters: " + ", ".join(f"{n} {status}" for status, n in found.parameters.items()))
    print(f"ties: {found.ties}, of which {found.pressing} press")
    for line in observations.summary(case):
        print(line)
    if case.posterior is not None:
        print(f"posterior: {case.posterior.n_draws:,} draws, from the campaign {case.posterior.campaign}")
    if case.claims:
        print(f"claims: {len(case.claims)}, of which {tested} are tested")
    for notice in notices:
        print(f"note: {notice}")
    if rows:
        print_lines(observations.listing(case, parameters))


def _posterior(case: Case, parameters: Mapping[str, Parameter]) -> dict[str, Any] | None:
    """Return what was learned of each parameter, prior and posterior side by side; None if nothing was."""
    found = case.posterior
    if found is None:
        return None
    return {
        "campaign": found.campaign, "until": found.until, "draws": found.n_draws, "current": found.current,
        "parameters": {
            name: {
                "status": parameters[name].status if name in parameters else None, "prior": learned.prior,
                "posterior": learned.posterior, "overlap": learned.overlap, "rhat": learned.rhat,
            }
            for name, learned in found.learned.items()
        },
    }  # fmt: skip


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long
        return False


@app.command()
def show(
    scenario: _Question,
    program: Annotated[bool, typer.Option("--program", help="Print the compiled program instead.")] = False,
    as_json: _Json = False,
) -> None:
    """Print every value of a scenario, and the file it is from."""
    from hudna.engine import compile_scenario
    from hudna.scenario import load
    from hudna.scenario.describe import as_data, merged

    question = load(scenario)
    if program:
        compiled = compile_scenario(question)
        if as_json:
            print_json({"digest": compiled.digest(), "program": str(compiled).splitlines()})
        else:
            print(compiled)
    elif as_json:
        print_json(as_data(question))
    else:
        print("\n".join(merged(question)))


@app.command()
def schema(
    kind: Annotated[
        str,
        typer.Argument(
            help="scenario, case, actors, ties, drivers, parameters, observations, claims or network.",
            show_default=True,
        ),
    ] = "scenario",
    as_json: _Json = False,  # noqa: ARG001 (a schema is JSON anyhow)
) -> None:
    """Print the JSON Schema of a kind of file, for editors."""
    from hudna.scenario.schema import json_schema

    print_json(json_schema(kind))
