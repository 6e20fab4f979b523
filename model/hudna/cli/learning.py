"""The commands that learn: a case's parameters from its observations, and how well that would have forecast them."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hudna.cli.changes import asked
from hudna.cli.commands import app
from hudna.cli.options import (
    JUDGE,
    OUTPUT,
    RUN,
    Changes,
    Learning,
    NoFigures,
    Output,
    ToScenario,
    examples,
    grouped,
    option,
    shipped_cases,
)  # fmt: skip
from hudna.cli.printing import Clock, Part, progress_bar, say, written
from hudna.errors import HudnaError, InputError, SimulationError
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    pass

__all__ = ["backtest", "calibrate"]

_PROBE = 10.0  # seconds, after which there is an estimate


@app.command(
    rich_help_panel=JUDGE, epilog=examples("calibrate mine/params/iraq-2024", "calibrate iraq-2024 --out learned")
)
@grouped
def calibrate(
    case: Annotated[
        str,
        typer.Argument(
            metavar="CASE",
            help="The folder of a case, or the name of a shipped one.",
            autocompletion=shipped_cases,
        ),
    ],
    *,
    learning: Learning,
    keep: Annotated[
        int | None,
        option(RUN, "Samples to write, 20 or more of all samplers; 1000 or all of them if left out."),
    ] = None,
    quick: Annotated[
        bool, option(RUN, "Small sizes for a first look; all that is written says so.", "--quick", metavar=None)
    ] = False,
    resume: Annotated[
        bool,
        option(RUN, "Go on from the checkpoints of the same command that was stopped.", "--resume", metavar=None),
    ] = False,
    states: Annotated[
        bool,
        option(RUN, "Learn nothing: write the states of the posterior that is there.", "--states", metavar=None),
    ] = False,
    out: Annotated[
        Path | None, option(OUTPUT, "For the posterior; the case's own if left out.", metavar="FOLDER")
    ] = None,
    figures: Annotated[Path | None, option(OUTPUT, "For pictures of what was learned.", metavar="FOLDER")] = None,
    arviz: Annotated[Path | None, option(OUTPUT, "Write netCDF for ArviZ too.", metavar="FILE")] = None,
    output: Output,
) -> None:
    """Learn a case's parameters from its observations, and write the posterior beside the case.

    While it works each sampler's state is kept in the folder posterior.partial where the posterior is to be written, so
    that --resume can go on to the same digits; without it a calibration begins anew. The folder is removed in the end.

    States of each draw are written beside the draws, so that a run from the record's end filters nothing.
    """
    from hudna import shipped
    from hudna.case import load_case
    from hudna.case.posterior import ABOUT
    from hudna.cli.learned import learned_parameters
    from hudna.cli.pictures import finish
    from hudna.files.whole import check_file
    from hudna.learn.calibration import QUICK, diagnostics
    from hudna.learn.calibration import calibrate as learn
    from hudna.learn.checkpoints import FOLDER, remove
    from hudna.learn.posterior_files import write_inference_data, write_posterior, write_states
    from hudna.report.learning import pictures

    language = output.language(case)
    found = load_case(case, posterior=states)
    target = out or found.folder
    if out is None and target == shipped.case(case):
        text = "is a shipped case, which is not written to; name a folder with --out, or copy it with hudna copy"
        raise InputError.of(case, text)
    if states:
        others = (learning.record, learning.islands, learning.draws, learning.paths, keep, out, figures, arviz)
        if quick or resume or any(one is not None for one in others) or learning.seed != Learning.seed:
            text = "learns nothing; leave out what a calibration is to learn with, and where to write"
            raise InputError.of("calibrate", text, key="states")
        with progress_bar(found.about.name.get(language), language) as (progress, _):
            paths = write_states(found, threads=learning.threads, progress=progress)
        say(output, {"written": [str(path) for path in paths]}, [written(path, language) for path in paths])
        return
    if quick and any(size is not None for size in (learning.islands, learning.draws, learning.paths, keep)):
        raise InputError.of("calibrate", "sets the sizes; leave islands, draws, paths and keep out", key="quick")
    sizes = QUICK if quick else learning.sizes(keep)
    sizes.check()
    check_file(target, folder=True)
    check_file(arviz)
    check_file(figures, folder=True)
    checkpoints = target / FOLDER
    try:
        with progress_bar(f"{found.about.name.get(language)}", language) as (progress, _):
            learned = learn(
                found, record=learning.record, sizes=sizes, seed=learning.seed, threads=learning.threads,
                resume=resume, checkpoints=checkpoints, progress=_reporting(progress, checkpoints, language),
            )  # fmt: skip
            files = list(write_posterior(learned, target, threads=learning.threads, progress=progress))
    except SimulationError:  # and it would come again
        remove(checkpoints)
        raise
    except KeyboardInterrupt:
        if not checkpoints.is_dir():
            raise
        text = f"interrupted; the same command with --resume goes on from the checkpoints in {checkpoints}"
        raise HudnaError(text) from None
    remove(checkpoints)
    if arviz is not None:
        files.append(write_inference_data(learned, arviz))

    def data(final: Mapping[str, Any]) -> dict[str, Any]:
        drawn = [] if figures is None else [figures / f"{name}.png" for name in final.get("pictures", ())]
        about = tomllib.loads((target / ABOUT).read_text(encoding="utf-8"))
        return {"written": [str(path) for path in (*files, *drawn)], "posterior": about}

    lines = [written(path, language) for path in (*files, *([] if figures is None else [figures]))]
    parts: list[Part] = [*diagnostics(learned, language), "", learned_parameters(learned, language), *lines]
    finish(output, data, parts, pictures(learned, language), figures, within="")


_word = Words("cli.learning")


def _reporting(progress: Callable[[int, int], None], checkpoints: Path, lang: Language) -> Callable[[int, int], None]:
    """Say once, of work that lasts, how long it is likely to take and where its checkpoints are."""
    clock, due = Clock(), True

    def move(done: int, total: int) -> None:
        nonlocal due
        progress(done, total)
        passed, left = clock.read(done, total)
        if due and passed > _PROBE and left is not None:
            due = False
            for key, value in (("estimate", (passed + left) / 60), ("checkpoints", checkpoints)):
                print(_word(key, lang).format(value), file=sys.stderr, flush=True)

    return move


@app.command(rich_help_panel=JUDGE, epilog=examples("backtest iraq-2024", "backtest iraq-2024 --horizon 13 --every 8"))
@grouped
def backtest(
    scenario: ToScenario,
    signal: Annotated[
        str | None, typer.Option(metavar="SIGNAL", help="A sum of events; the one most rows count if left out.")
    ] = None,
    every: Annotated[int, typer.Option(metavar="WEEKS", help="From origin to origin.")] = 4,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="No origin is earlier; the record's first day if left out.")
    ] = None,
    horizon: Annotated[
        list[int] | None, typer.Option(metavar="WEEKS", help="May be repeated; 4, 13 and 26 if left out.")
    ] = None,
    *,
    learning: Learning,
    changes: Changes = None,
    out: Annotated[
        Path | None, option(OUTPUT, "Where to write; out/backtest-SCENARIO if left out.", metavar="FOLDER")
    ] = None,
    no_figures: NoFigures = False,
    output: Output,
) -> None:
    """Forecast the past again and again with nothing later than each origin, and score the forecasts."""
    from hudna.cli.pictures import finish
    from hudna.files.whole import replacing
    from hudna.judge.backtest import Plan
    from hudna.judge.backtest import backtest as judge
    from hudna.report.record import lines, pictures, write_record

    language = output.language(scenario)
    question = asked(scenario, changes)
    horizons = tuple(horizon) if horizon else Plan.horizons
    plan = Plan(signal=signal, every=every, horizons=horizons, since=since)  # type: ignore[arg-type]
    target = out if out is not None else Path("out") / f"backtest-{question.id}"
    with replacing(target) as folder:
        with progress_bar(question.file.name.get(language), language) as (progress, _):
            found = judge(
                question, record=learning.record, plan=plan, sizes=learning.sizes(), seed=learning.seed,
                threads=learning.threads, progress=progress,
            )  # fmt: skip
        manifest = write_record(found, folder, changes=question.changes, lang=language)
    finish(
        output,
        lambda final: {"out": str(target), "manifest": final, "forecasts": found.forecasts},
        lines(found, language),
        pictures(found.forecasts, language),
        None if no_figures else target,
        manifest,
        files=[target],
    )
