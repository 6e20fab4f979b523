"""The commands, each a few lines around a call of the package. What is heavy is imported where it is used."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hudna.cli.changes import Changes, asked
from hudna.cli.options import (
    ASK,
    CASES,
    OUTPUT,
    RUN,
    AsJson,
    AsOf,
    Draws,
    Everything,
    Lang,
    NoFigures,
    Paths,
    Policies,
    Prior,
    Seed,
    Threads,
    ToScenario,
    examples,
    shipped_scenarios,
)
from hudna.cli.printing import print_json, print_lines, print_table, progress_bar
from hudna.errors import InputError, Problems, nearest
from hudna.text.words import Language, Words
from hudna.version import __version__

_YEAR = 52  # weeks over which the chances of a case are given

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hudna.case import Case
    from hudna.case.grammar import Text
    from hudna.case.parameters import Parameter
    from hudna.cli.observations import Foreseen
    from hudna.errors import Problem
    from hudna.scenario.describe import Count
    from hudna.text.table import Line

__all__ = ["app", "day", "known_language"]

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
def run(
    scenario: ToScenario,
    draws: Draws = None,
    paths: Paths = None,
    seed: Seed = None,
    policy: Policies = None,
    engine: Annotated[
        str,
        typer.Option(metavar="ENGINE", help="auto, vm (compiled) or oracle (plain); same events.", rich_help_panel=RUN),
    ] = "auto",
    threads: Threads = None,
    outcomes: Annotated[
        str,
        typer.Option(
            metavar="all|summary", help="With summary, memory does not grow with the paths.", rich_help_panel=RUN
        ),
    ] = "all",
    as_of: AsOf = None,
    given: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Observations to use instead of the case's own.", rich_help_panel=RUN),
    ] = None,
    prior: Prior = False,
    changes: Changes = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where to write; out/SCENARIO if left out.", rich_help_panel=OUTPUT),
    ] = None,
    lang: Lang = "en",
    no_figures: NoFigures = False,
    everything: Everything = False,
    as_json: AsJson = False,
) -> None:
    """Simulate a scenario under its policies and write the results."""
    from hudna.ask.run import run as simulate
    from hudna.ask.start import Options
    from hudna.cli import results
    from hudna.cli.pictures import finish
    from hudna.files.whole import replacing
    from hudna.report.figures import figures
    from hudna.report.outputs import write_outputs

    language = known_language(lang)
    question = asked(scenario, changes)
    options: dict[str, Any] = {
        "draws": draws, "paths": paths, "seed": seed, "policies": policy or None, "engine": engine, "threads": threads,
        "outcomes": outcomes, "as_of": day(as_of), "belief": "prior" if prior else None,
    }  # fmt: skip
    Options.of("run", options).settled(question)
    target = out if out is not None else Path("out") / question.id
    with replacing(target) as folder:
        with progress_bar(question.file.name.get(language), language) as (progress, stage):
            result = simulate(question, given=given, progress=progress, stage=stage, **options)
        manifest = write_outputs(result, folder, lang=language)

    def show(final: Mapping[str, Any], problems: Sequence[Problem]) -> None:
        if as_json:
            results.print_data(result, target, {"manifest": final}, problems)
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
        raise InputError.of("hudna", f"must be one of en, ar{nearest(lang, known)}", key="lang", given=repr(lang))
    return known[lang]


@app.command("list", rich_help_panel=CASES, epilog=examples("list", "list --lang ar"))
def list_(lang: Lang = "en", as_json: AsJson = False) -> None:
    """List the shipped scenarios, with their questions and cases."""
    from hudna.scenario.describe import shipped_scenarios

    language = known_language(lang)
    found = shipped_scenarios(language)
    if as_json:
        print_json({"scenarios": found})
        return
    case = "الحالة" if language == "ar" else "case"
    for entry in found:
        lines = (f"{entry['scenario']}  ({case} {entry['case']})", True), (f"    {entry['question']}", False)
        print_lines(lines, language)


@app.command(rich_help_panel=CASES, epilog=examples("copy iraq-2024 mine"))
def copy(
    name: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO", help="A shipped scenario; see hudna list.", autocompletion=shipped_scenarios
        ),
    ],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to; nothing that exists is overwritten.")],
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Copy a shipped scenario and its case, to be edited."""
    from hudna import shipped

    known_language(lang)  # paths have no language
    copied = shipped.copy(name, folder)
    if as_json:
        print_json({"written": [str(path) for path in copied]})
        return
    for path in copied:
        print(path)


@app.command(
    rich_help_panel=CASES,
    epilog=examples("check mine/scenarios/iraq-2024.toml", "check mine/params/iraq-2024 --rows"),
)
def check(
    scenario: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO|CASE", help="A scenario, or the folder of a case.", autocompletion=shipped_scenarios
        ),
    ],
    rows: Annotated[
        bool,
        typer.Option("--rows", help="List every row of observations, and what it is used for.", rich_help_panel=OUTPUT),
    ] = False,
    changes: Changes = None,
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Say everything that is wrong with a scenario or a case."""
    from hudna.cli import observations
    from hudna.engine import compile_scenario
    from hudna.judge.rates import base_rates
    from hudna.report.rates import rates_table
    from hudna.scenario.claims import check_claims
    from hudna.scenario.describe import count
    from hudna.scenario.reading import case_of
    from hudna.text.table import records

    language, problems = known_language(lang), Problems()
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
    foreseen, foretold = observations.foresee(case, question, problems)
    notices = (*case.notices, *noted, *foretold, *check_claims(case, problems))
    problems.raise_if_any()
    tested = sum(bool(claim.test) for claim in case.claims.values())
    said = [notice.get(language) for notice in notices]
    weeks = _YEAR if question is None else question.file.weeks
    rates = base_rates(case, weeks)
    if as_json:
        print_json({"problems": [], "notices": said, "nodes": found.nodes, "parameters": found.parameters,
                    "ties": found.ties, "pressing": found.pressing,
                    "observations": observations.as_data(case, parameters, foreseen),
                    "claims": {"tested": tested, "untested": len(case.claims) - tested},
                    "base_rates": {"weeks": weeks, "transitions": records(rates)},
                    "posterior": _posterior(case, parameters)})  # fmt: skip
        return
    print_lines(_checked(case, found, tested, foreseen, language), language)
    print_lines(((f"{_word('note', language)}: {notice}", False) for notice in said), language)
    table = rates_table(rates, case, weeks, language)
    if table is not None:
        print()
        print_table(table)
    if rows:
        print_lines(observations.listing(case, parameters, language), language)


_WORDS = {
    "ok": ("ok", "لا خطأ"),
    "nodes": ("nodes", "العقد"),
    "schedule": ("schedule", "جداول زمنية"),
    "regime": ("regime", "حالات متبدلة"),
    "events": ("events", "أحداث"),
    "response": ("response", "ردود"),
    "level": ("level", "مستويات"),
    "parameters": ("parameters", "المعاملات"),
    "ties": ("ties: {}, of which {} press", "الروابط: {}، والضاغطة منها {}"),
    "posterior": ("posterior: {:,} draws, from the campaign {}", "عينات التوزيع البعدي: {:,}؛ من سجل المشاهدات {}"),
    "claims": ("claims: {}, of which {} are tested", "الادعاءات: {}، والمختبرة منها {}"),
}
_word = Words(_WORDS)


def _checked(case: Case, found: Count, tested: int, foreseen: Foreseen, lang: Language) -> Iterator[Line]:
    from hudna.cli import observations

    yield _word("ok", lang), False
    for what, counts in (("nodes", found.nodes), ("parameters", found.parameters)):
        shown = (f"{_word(key, lang)} {n}" if lang == "ar" else f"{n} {key}" for key, n in counts.items())
        yield f"{_word(what, lang)}: {_word('comma', lang).join(shown)}", False
    yield _word("ties", lang).format(found.ties, found.pressing), False
    yield from observations.summary(case, foreseen, lang)
    if case.posterior is not None:
        yield _word("posterior", lang).format(case.posterior.n_draws, case.posterior.campaign), False
    if case.claims:
        yield _word("claims", lang).format(len(case.claims), tested), False


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


@app.command(
    rich_help_panel=CASES,
    epilog=examples(
        "show iraq-2024", "show iraq-2024 presence_power 'gaza.*'", "show iraq-2024 --program", "show out/iraq-2024"
    ),
)
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
    program: Annotated[
        bool, typer.Option("--program", help="Print the compiled program instead.", rich_help_panel=OUTPUT)
    ] = False,
    changes: Changes = None,
    everything: Everything = False,
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Print every value of a scenario, file by file, or again what a run has found and how it was made."""
    from hudna.scenario.describe import as_data, merged

    language = known_language(lang)
    path = Path(scenario)
    saved = path.suffix == ".nc" or os.path.exists(path / "result.nc")  # noqa: PTH110 (never raises)
    for other, is_other in (("--program", program), (f"the run {scenario}", saved)):
        if names and is_other:
            raise InputError.of(
                "show", f"names are of a scenario's values; leave them out with {other}", given=names[0]
            )
    for option, is_given in (("--program", program), ("--set", changes)):
        if saved and is_given:
            raise InputError.of("show", f"is of a scenario; {scenario} is a run", key=option)
    if saved:
        _show_run(path, language, everything=everything, as_json=as_json)
        return
    question = asked(scenario, changes)
    if program:
        from hudna.engine import compile_scenario

        compiled = compile_scenario(question)
        if as_json:
            print_json({"digest": compiled.digest(), "program": str(compiled).splitlines()})
        else:
            print(compiled)
    elif as_json:
        print_json(as_data(question, names or ()))
    else:
        print("\n".join(merged(question, names or ())))


def _show_run(path: Path, lang: Language, *, everything: bool, as_json: bool) -> None:
    from hudna.cli import results
    from hudna.result import open_result

    found = open_result(path)
    if as_json:
        results.print_data(found, path, {"about": found.about})
    else:
        results.print_tables(found, None, lang, everything=everything)
        print_lines(results.made(found, lang), lang)


@app.command(rich_help_panel=CASES, epilog=examples("schema drivers"))
def schema(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="scenario, case, actors, ties, drivers, parameters, observations, claims or network.",
            show_default=True,
        ),
    ] = "scenario",
    lang: Lang = "en",
    as_json: AsJson = False,  # noqa: ARG001 (a schema is JSON anyhow)
) -> None:
    """Print the JSON Schema of a kind of file, for editors."""
    from hudna.scenario.schema import json_schema

    known_language(lang)  # keys have no language
    print_json(json_schema(kind))
