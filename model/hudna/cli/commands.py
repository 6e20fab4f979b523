"""The commands, each a few lines around a call of the package. What is heavy is imported where it is used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hudna.cli.changes import asked
from hudna.cli.options import (
    ASK,
    CASES,
    OUTPUT,
    RUN,
    Changes,
    Everything,
    FromDate,
    NoFigures,
    Output,
    Policies,
    ToScenario,
    examples,
    grouped,
    is_run,
    option,
    shipped_scenarios,
)
from hudna.cli.printing import Part, print_json, progress_bar, say
from hudna.errors import InputError, Problems
from hudna.text.words import Language, Words
from hudna.version import __version__

_YEAR = 52  # weeks over which the chances of a case are given

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hudna.case import Case
    from hudna.case.grammar import Text
    from hudna.case.parameters import Parameter
    from hudna.cli.observations import Foreseen
    from hudna.scenario.describe import Count

__all__ = ["app"]

app = typer.Typer(
    name="hudna",
    help="What happens to the pressure on a government, and to the odds of attacks, under this policy or that one.",
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog=examples("list", "run iraq-2024", "run iraq-2024 --help"),
    context_settings={"help_option_names": ["-h", "--help"]},
)


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


@app.command(
    rich_help_panel=ASK,
    epilog=examples(
        "run iraq-2024", "run two-militias --draws 100 --paths 50 --lang ar", "run iraq-2024 --as-of 2024-08-22"
    ),
)
@grouped
def run(
    scenario: ToScenario,
    policy: Policies = None,
    outcomes: Annotated[
        str, option(RUN, "With summary, memory does not grow with the paths.", metavar="all|summary")
    ] = "all",
    pool: Annotated[
        Path | None,
        option(
            RUN,
            "Show the forecast pooled with simple ones, by the record that hudna backtest wrote there.",
            metavar="FOLDER",
        ),
    ] = None,
    *,
    sizes: FromDate,
    out: Annotated[Path | None, option(OUTPUT, "Where to write; out/SCENARIO if left out.", metavar="FOLDER")] = None,
    no_figures: NoFigures = False,
    everything: Everything = False,
    output: Output,
) -> None:
    """Simulate a scenario under its policies and write the results."""
    from hudna.ask.run import run as simulate
    from hudna.ask.start import Options
    from hudna.cli import results
    from hudna.cli.pictures import finish
    from hudna.files.whole import replacing
    from hudna.judge.ahead import pooled_forecast, read_forecasts
    from hudna.report.figures import figures
    from hudna.report.outputs import write_outputs
    from hudna.report.record import pool_table

    language = output.language(scenario)
    question = asked(scenario, sizes.changes)
    options = {**sizes.keywords(), "policies": policy or None, "outcomes": outcomes}
    Options.of("run", options).settled(question)
    record = None if pool is None else read_forecasts(pool)
    target = out if out is not None else Path("out") / question.id
    with replacing(target) as folder:
        with progress_bar(question.file.name.get(language), language) as (progress, stage):
            result = simulate(question, progress=progress, stage=stage, **options)
        pooled = None if record is None else pooled_forecast(result, record)
        manifest = write_outputs(result, folder, pooled, lang=language)
    more = {} if pooled is None else {"pool": pooled}
    below: list[Part] = [] if pooled is None else ["", pool_table(pooled, result, language)]
    finish(
        output,
        lambda final: results.data(result, target, manifest=final, **more),
        [*results.tables(result, target, language, everything=everything), *below],
        figures(result, language),
        None if no_figures else target,
        manifest,
        kinds=("png", "svg"),
    )


@app.command("list", rich_help_panel=CASES, epilog=examples("list", "list --lang ar"))
@grouped
def list_(output: Output) -> None:
    """List the shipped scenarios, with their questions and cases."""
    from hudna.scenario.describe import shipped_scenarios

    language = output.language()
    found, case = shipped_scenarios(language), _word("case", language)
    lines = (
        line
        for one in found
        for line in ((f"{one['scenario']}  ({case} {one['case']})", True), f"    {one['question']}")
    )
    say(output, {"scenarios": found}, lines)


@app.command(rich_help_panel=CASES, epilog=examples("copy iraq-2024 mine"))
@grouped
def copy(
    name: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO", help="A shipped scenario; see hudna list.", autocompletion=shipped_scenarios
        ),
    ],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to; nothing that exists is overwritten.")],
    *,
    output: Output,
) -> None:
    """Copy a shipped scenario and its case, to be edited."""
    from hudna import shipped

    output.language()  # paths have none
    copied = [str(path) for path in shipped.copy(name, folder)]
    say(output, {"written": copied}, copied)


@app.command(
    rich_help_panel=CASES,
    epilog=examples("check mine/scenarios/iraq-2024.toml", "check mine/params/iraq-2024 --rows"),
)
@grouped
def check(
    scenario: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO|CASE", help="A scenario, or the folder of a case.", autocompletion=shipped_scenarios
        ),
    ],
    rows: Annotated[
        bool, option(OUTPUT, "List every row of observations, and what it is used for.", "--rows", metavar=None)
    ] = False,
    changes: Changes = None,
    *,
    output: Output,
) -> None:
    """Say everything that is wrong with a scenario or a case."""
    from hudna.cli import observations
    from hudna.engine import compile_scenario
    from hudna.judge.rates import base_rates
    from hudna.report.rates import rates_table
    from hudna.scenario.claims import check_claims
    from hudna.scenario.describe import count
    from hudna.scenario.reading import case_of

    language, problems = output.language(scenario), Problems()
    noted: tuple[Text, ...] = ()
    case, question = case_of(scenario)
    if question is None:
        if changes:
            raise InputError.of("--set", "goes with a scenario, not with the folder of a case")
        parameters, found = case.parameters, count(case, case.nodes, case.parameters)
    else:
        question = asked(question, changes)
        compile_scenario(question)
        case, parameters = question.case, question.parameters
        found, noted = count(case, question.nodes, parameters), question.notices
    foreseen, expected = observations.foresee(case, question, problems)
    notices = (*case.notices, *noted, *expected, *check_claims(case, problems))
    problems.raise_if_any()
    tested = sum(bool(claim.test) for claim in case.claims.values())
    said = [notice.get(language) for notice in notices]
    weeks = _YEAR if question is None else question.file.weeks
    rates = base_rates(case, weeks)
    data = {
        "problems": [], "notices": said, "nodes": found.nodes, "parameters": found.parameters,
        "ties": found.ties, "pressing": found.pressing,
        "observations": observations.as_data(case, parameters, foreseen),
        "claims": {"tested": tested, "untested": len(case.claims) - tested},
        "base_rates": {"weeks": weeks, "transitions": rates},
        "posterior": _posterior(case, parameters),
    }  # fmt: skip
    parts: list[Part] = [*_checked(case, found, tested, foreseen, language)]
    parts += [f"{_word('note', language)}: {notice}" for notice in said]
    if (table := rates_table(rates, case, weeks, language)) is not None:
        parts += ["", table]
    say(output, data, [*parts, *(observations.listing(case, parameters, language) if rows else ())])


_word = Words("cli.commands")


def _checked(case: Case, found: Count, tested: int, foreseen: Foreseen, lang: Language) -> Iterator[str]:
    from hudna.cli import observations

    yield _word("ok", lang)
    for what, counts in (("nodes", found.nodes), ("parameters", found.parameters)):
        shown = (f"{_word(key, lang)} {n}" if lang == "ar" else f"{n} {key}" for key, n in counts.items())
        yield f"{_word(what, lang)}: {_word('comma', lang).join(shown)}"
    yield _word("ties", lang).format(found.ties, found.pressing)
    yield from observations.summary(case, foreseen, lang)
    if case.posterior is not None:
        yield _word("posterior", lang).format(case.posterior.n_draws, case.posterior.record)
    if case.claims:
        yield _word("claims", lang).format(len(case.claims), tested)


def _posterior(case: Case, parameters: Mapping[str, Parameter]) -> dict[str, Any] | None:
    """Return what was learned of each parameter, prior and posterior side by side; None if nothing was."""
    found = case.posterior
    if found is None:
        return None
    return {
        "record": found.record, "until": found.until, "draws": found.n_draws, "current": found.current,
        "parameters": {
            name: {
                "status": parameters[name].status if name in parameters else None, "prior": learned.prior,
                "posterior": learned.posterior, "overlap": learned.overlap, "rhat": learned.rhat,
            }
            for name, learned in found.learned.items()
        },
    }  # fmt: skip


@app.command(
    rich_help_panel=CASES,
    epilog=examples(
        "show iraq-2024", "show iraq-2024 presence_power 'gaza.*'", "show iraq-2024 --program", "show out/iraq-2024"
    ),
)
@grouped
def show(
    scenario: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO|RUN", help="A scenario, or the folder of a run.", autocompletion=shipped_scenarios
        ),
    ],
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Only what has these names; * and ? stand for letters."),
    ] = None,
    program: Annotated[bool, option(OUTPUT, "Print the compiled program instead.", "--program", metavar=None)] = False,
    changes: Changes = None,
    everything: Everything = False,
    *,
    output: Output,
) -> None:
    """Print every value of a scenario, file by file, or again what a run has found and how it was made."""
    from hudna.scenario.describe import as_data, merged

    language, path, saved = output.language(scenario), Path(scenario), is_run(scenario)
    for other, is_other in (("--program", program), (f"the run {scenario}", saved)):
        if names and is_other:
            raise InputError.of(
                "show", f"names are of a scenario's values; leave them out with {other}", given=names[0]
            )
    for key, is_given in (("--program", program), ("--set", changes)):
        if saved and is_given:
            raise InputError.of("show", f"is of a scenario; {scenario} is a run", key=key)
    if saved:
        _show_run(path, output, language, everything=everything)
        return
    question = asked(scenario, changes)
    if program:
        from hudna.engine import compile_scenario

        compiled = compile_scenario(question)
        if output.json:
            print_json({"digest": compiled.digest(), "program": str(compiled).splitlines()})
        else:
            print(compiled)
    elif output.json:
        print_json(as_data(question, names or ()))
    else:
        print("\n".join(merged(question, names or ())))


def _show_run(path: Path, output: Output, lang: Language, *, everything: bool) -> None:
    from hudna.cli import results
    from hudna.result import open_result

    found = open_result(path)
    tables = results.tables(found, None, lang, everything=everything)
    say(output, results.data(found, path, about=found.about), [*tables, *results.made(found, lang)])


@app.command(rich_help_panel=CASES, epilog=examples("schema drivers"))
@grouped
def schema(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="scenario, case, actors, ties, drivers, parameters, observations, claims or network.",
            show_default=True,
        ),
    ] = "scenario",
    *,
    output: Output,
) -> None:
    """Print the JSON Schema of a kind of file, for editors."""
    from hudna.scenario.schema import json_schema

    output.language()  # keys have none, and a schema is JSON anyhow
    print_json(json_schema(kind))
