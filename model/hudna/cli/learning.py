"""The commands that learn: a case's parameters from its observations, and how well that would have foretold them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hudna.cli.commands import app, known_language
from hudna.cli.options import JUDGE, OUTPUT, RUN, AsJson, Lang, NoFigures, Threads, ToScenario, examples, shipped_cases
from hudna.cli.printing import print_json, print_lines, problems_data, progress_bar, written
from hudna.errors import HudnaError, InputError, SimulationError
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    from hudna.errors import Problem
    from hudna.learn.calibration import Sizes

__all__ = ["backtest", "calibrate"]

_PROBE = 10.0  # seconds, after which there is an estimate
_Islands = Annotated[
    int | None,
    typer.Option(metavar="N", help="Samplers with seeds of their own, 2 or more; 4 if left out.", rich_help_panel=RUN),
]
_Draws = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="Samples of the parameters in each, 20 or more; 300 if left out.", rich_help_panel=RUN
    ),
]
_Paths = Annotated[
    int | None,
    typer.Option(metavar="N", help="Paths that filter each sample, 10 or more; 120 if left out.", rich_help_panel=RUN),
]
_Seed = Annotated[int, typer.Option(metavar="N", help="The same seed gives the same numbers.", rich_help_panel=RUN)]
_Campaign = Annotated[
    str | None, typer.Option(metavar="NAME", help="Of observations.toml; its default one if left out.")
]


@app.command(
    rich_help_panel=JUDGE, epilog=examples("calibrate mine/params/iraq-2024", "calibrate iraq-2024 --out learned")
)
def calibrate(
    case: Annotated[
        str,
        typer.Argument(
            metavar="CASE",
            help="The folder of a case, or the name of a shipped one.",
            autocompletion=shipped_cases,
        ),
    ],
    campaign: _Campaign = None,
    islands: _Islands = None,
    draws: _Draws = None,
    paths: _Paths = None,
    keep: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Samples to write, 20 or more of all samplers; 1000 or all of them if left out.",
            rich_help_panel=RUN,
        ),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Small sizes for a first look; all that is written says so.", rich_help_panel=RUN),
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on from the checkpoints of the same command that was stopped.", rich_help_panel=RUN
        ),
    ] = False,
    seed: _Seed = 1,
    threads: Threads = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="For the posterior; the case's own if left out.", rich_help_panel=OUTPUT),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="For pictures of what was learned.", rich_help_panel=OUTPUT),
    ] = None,
    arviz: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write netCDF for ArviZ too.", rich_help_panel=OUTPUT)
    ] = None,
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Learn a case's parameters from its observations, and write the posterior beside the case.

    While it works each sampler's state is kept in the folder posterior.partial where the posterior is to be written, so
    that --resume can go on to the same digits; without it a calibration begins anew. The folder is removed in the end.
    """
    from hudna import shipped
    from hudna.case import load_case
    from hudna.cli.learned import learned_parameters
    from hudna.cli.pictures import finish
    from hudna.files.whole import check_file
    from hudna.learn.calibration import QUICK, diagnostics
    from hudna.learn.calibration import calibrate as learn
    from hudna.learn.checkpoints import FOLDER, remove
    from hudna.learn.posterior_files import about_posterior, write_inference_data, write_posterior
    from hudna.report.learning import pictures

    language = known_language(lang)
    found = load_case(case, posterior=False)
    target = out or found.folder
    if out is None and target == shipped.case(case):
        text = "is a shipped case, which is not written to; name a folder with --out, or copy it with hudna copy"
        raise InputError.of(case, text)
    if quick and any(size is not None for size in (islands, draws, paths, keep)):
        raise InputError.of("calibrate", "sets the sizes; leave islands, draws, paths and keep out", key="quick")
    sizes = QUICK if quick else _sizes(islands, draws, paths, keep)
    sizes.check()
    check_file(target, folder=True)
    check_file(arviz)
    check_file(figures, folder=True)
    checkpoints = target / FOLDER
    try:
        with progress_bar(f"{found.about.name.get(language)}", language) as (progress, _):
            learned = learn(
                found, campaign=campaign, sizes=sizes, seed=seed, threads=threads, resume=resume,
                checkpoints=checkpoints, progress=_reporting(progress, checkpoints, language),
            )  # fmt: skip
    except SimulationError:  # and it would come again
        remove(checkpoints)
        raise
    except KeyboardInterrupt:
        if not checkpoints.is_dir():
            raise
        text = f"interrupted; the same command with --resume goes on from the checkpoints in {checkpoints}"
        raise HudnaError(text) from None
    files = list(write_posterior(learned, target))
    remove(checkpoints)
    if arviz is not None:
        files.append(write_inference_data(learned, arviz))

    def show(final: Mapping[str, Any], problems: Sequence[Problem]) -> None:
        drawn = [figures / f"{name}.png" for name in final.get("pictures", ())] if figures is not None else []
        if as_json:
            print_json(
                {
                    "written": [str(path) for path in (*files, *drawn)],
                    "posterior": about_posterior(learned),
                    "problems": problems_data(problems),
                }
            )
            return
        print_lines(((line, False) for line in (*diagnostics(learned, language), "")), language)
        print_lines(learned_parameters(learned, language), language)
        for path in (*files, *([] if figures is None else [figures])):
            print(written(path, language))

    finish(show, pictures(learned, language), figures, within="", lang=language, as_json=as_json)


def _sizes(islands: int | None, draws: int | None, paths: int | None, keep: int | None) -> Sizes:
    """Return the sizes that are given, the others as they are by default."""
    from hudna.learn.calibration import Sizes

    plain = Sizes()
    n, m = plain.islands if islands is None else islands, plain.draws if draws is None else draws
    return Sizes(n, m, plain.paths if paths is None else paths, min(plain.keep, n * m) if keep is None else keep)


_WORDS = {
    "estimate": (
        "estimate: {:.1f} minutes in all; how often draws must be moved decides",
        "التقدير: {:.1f} دقيقة إجمالا؛ يتوقف ذلك على عدد مرات نقل العينات",
    ),
    "checkpoints": (
        "checkpoints: {}; the same command with --resume goes on from there",
        "نقاط الاستئناف: {}؛ الأمر نفسه مع الخيار --resume يتابع منها",
    ),
}
_word = Words(_WORDS)


def _reporting(progress: Callable[[int, int], None], checkpoints: Path, lang: Language) -> Callable[[int, int], None]:
    """Say once, of work that lasts, how long it is likely to take and where its checkpoints are."""
    begun: list[float] = []

    def move(done: int, total: int) -> None:
        progress(done, total)
        begun[:] = begun or [time.monotonic(), done]
        passed = time.monotonic() - begun[0]
        if len(begun) == 2 and passed > _PROBE and done > begun[1]:
            begun.append(passed)
            minutes = passed * (total - begun[1]) / (done - begun[1]) / 60
            for key, value in (("estimate", minutes), ("checkpoints", checkpoints)):
                print(_word(key, lang).format(value), file=sys.stderr, flush=True)

    return move


@app.command(rich_help_panel=JUDGE, epilog=examples("backtest iraq-2024", "backtest iraq-2024 --horizon 13 --every 8"))
def backtest(
    scenario: ToScenario,
    campaign: _Campaign = None,
    signal: Annotated[
        str | None, typer.Option(metavar="SIGNAL", help="A sum of events; the one most rows count if left out.")
    ] = None,
    every: Annotated[int, typer.Option(metavar="WEEKS", help="From origin to origin.")] = 4,
    horizon: Annotated[
        list[int] | None, typer.Option(metavar="WEEKS", help="May be repeated; 4, 13 and 26 if left out.")
    ] = None,
    islands: _Islands = None,
    draws: _Draws = None,
    paths: _Paths = None,
    seed: _Seed = 1,
    threads: Threads = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Where to write; out/backtest-SCENARIO if left out.", rich_help_panel=OUTPUT
        ),
    ] = None,
    lang: Lang = "en",
    no_figures: NoFigures = False,
    as_json: AsJson = False,
) -> None:
    """Forecast the past again and again with nothing later than each origin, and score the forecasts."""
    from hudna.cli.pictures import finish
    from hudna.files.whole import replacing
    from hudna.judge.backtest import Plan
    from hudna.judge.backtest import backtest as judge
    from hudna.report.record import lines, pictures, write_record
    from hudna.scenario import load

    language = known_language(lang)
    question = load(scenario)
    plan = Plan(signal=signal, every=every, horizons=tuple(horizon) if horizon else Plan.horizons)
    sizes = _sizes(islands, draws, paths, None)
    target = out if out is not None else Path("out") / f"backtest-{question.id}"
    with replacing(target) as folder:
        with progress_bar(question.file.name.get(language), language) as (progress, _):
            found = judge(
                question, campaign=campaign, plan=plan, sizes=sizes, seed=seed, threads=threads, progress=progress
            )
        manifest = write_record(found, folder, lang=language)

    def show(final: Mapping[str, Any], problems: Sequence[Problem]) -> None:
        if as_json:
            told = {"out": str(target), "manifest": final, "problems": problems_data(problems)}
            print_json({**told, "forecasts": found.forecasts.to_dict("records")})
            return
        print_lines((*lines(found, language), ("", False), (written(target, language), False)), language)

    drawn = None if no_figures else target
    finish(show, pictures(found.forecasts, language), drawn, manifest, lang=language, as_json=as_json)
