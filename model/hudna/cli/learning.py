"""The commands that learn: a case's parameters from its observations, and how well that would have foretold them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hudna.cli.commands import app, known_language
from hudna.cli.printing import print_json, print_lines, progress_bar
from hudna.errors import HudnaError, InputError, Problems, SimulationError

if TYPE_CHECKING:
    from hudna.case import Case
    from hudna.inference.calibration import Sizes

__all__ = ["backtest", "calibrate"]

_PROBE = 10.0  # seconds, after which there is an estimate
_Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
_Islands = Annotated[int | None, typer.Option(help="Samplers with seeds of their own, 2 or more; 4 if left out.")]
_Draws = Annotated[int | None, typer.Option(help="Samples of the parameters in each, 20 or more; 300 if left out.")]
_Paths = Annotated[int | None, typer.Option(help="Paths that filter each sample, 10 or more; 120 if left out.")]
_Seed = Annotated[int, typer.Option(help="Of the random numbers.")]
_Threads = Annotated[int | None, typer.Option(help="Moves no bit of the result.")]
_Campaign = Annotated[str | None, typer.Option(help="Of observations.toml; its default one if left out.")]


@app.command()
def calibrate(
    case: Annotated[str, typer.Argument(metavar="CASE", help="The folder of a case, or the name of a shipped one.")],
    campaign: _Campaign = None,
    islands: _Islands = None,
    draws: _Draws = None,
    paths: _Paths = None,
    keep: Annotated[
        int | None,
        typer.Option(help="Samples that are written, 20 or more of all samplers; 1000 or all of them if left out."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small sizes for a first look; all that is written says so.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the checkpoints of the same command that was stopped.")
    ] = False,
    seed: _Seed = 1,
    threads: _Threads = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the posterior; the case's own if left out.")] = None,
    figures: Annotated[Path | None, typer.Option(help="Folder for pictures of what was learned.")] = None,
    arviz: Annotated[Path | None, typer.Option(metavar="FILE", help="Write netCDF for ArviZ too.")] = None,
    lang: Annotated[str, typer.Option(help="en or ar, for the pictures.")] = "en",
    as_json: _Json = False,
) -> None:
    """Learn a case's parameters from its observations, and write the posterior beside the case.

    While it works each sampler's state is kept in the folder posterior.partial where the posterior is to be written, so
    that --resume can go on to the same digits; without it a calibration begins anew. The folder is removed in the end.
    """
    from hudna.inference.calibration import QUICK, diagnostics
    from hudna.inference.calibration import calibrate as learn
    from hudna.inference.checkpoints import FOLDER, remove
    from hudna.inference.posterior_files import about_posterior, write_inference_data, write_posterior

    language = known_language(lang)
    found, own = _case(case)
    target = out or own
    if target is None:
        text = "is a shipped case, which is not written to; name a folder with --out, or copy it with hudna copy"
        raise InputError.of(case, text)
    if quick and any(size is not None for size in (islands, draws, paths, keep)):
        raise InputError.of("calibrate", "sets the sizes; leave islands, draws, paths and keep out", key="quick")
    sizes = QUICK if quick else _sizes(islands, draws, paths, keep)
    sizes.check()
    for path, is_file in ((target, False), (arviz, True), (figures, False)):
        if path is not None:
            _check_place(path, is_file=is_file)
    checkpoints = target / FOLDER
    try:
        with progress_bar(f"{found.about.name.get(language)}") as (progress, _):
            learned = learn(
                found, campaign=campaign, sizes=sizes, seed=seed, threads=threads, resume=resume,
                checkpoints=checkpoints, progress=_reporting(progress, checkpoints),
            )  # fmt: skip
    except SimulationError:  # and it would come again
        remove(checkpoints)
        raise
    except KeyboardInterrupt:
        if not checkpoints.is_dir():
            raise
        text = f"interrupted; the same command with --resume goes on from the checkpoints in {checkpoints}"
        raise HudnaError(text) from None
    written = list(write_posterior(learned, target))
    remove(checkpoints)
    if arviz is not None:
        written.append(write_inference_data(learned, arviz))
    if figures is not None:
        from hudna.report.learning import draw_learning

        written += draw_learning(learned, figures, lang=language)
    if as_json:
        print_json({"written": [str(path) for path in written], "posterior": about_posterior(learned)})
        return
    for line in diagnostics(learned):
        print(line)
    print()
    from hudna.cli.learned import learned_parameters

    print_lines(learned_parameters(learned))
    for path in written:
        print(f"Written: {path}")


def _sizes(islands: int | None, draws: int | None, paths: int | None, keep: int | None) -> Sizes:
    """Return the sizes that are given, the others as they are by default."""
    from hudna.inference.calibration import Sizes

    plain = Sizes()
    n, m = plain.islands if islands is None else islands, plain.draws if draws is None else draws
    return Sizes(n, m, plain.paths if paths is None else paths, min(plain.keep, n * m) if keep is None else keep)


def _reporting(progress: Callable[[int, int], None] | None, checkpoints: Path) -> Callable[[int, int], None]:
    """Say once, of work that lasts, how long it is likely to take and where its checkpoints are."""
    begun: list[float] = []

    def move(done: int, total: int) -> None:
        if progress is not None:
            progress(done, total)
        begun[:] = begun or [time.monotonic(), done]
        passed = time.monotonic() - begun[0]
        if len(begun) == 2 and passed > _PROBE and done > begun[1]:
            begun.append(passed)
            minutes = passed * (total - begun[1]) / (done - begun[1]) / 60
            print(f"estimate: {minutes:.1f} minutes in all; how often draws must be moved decides\n"
                  f"checkpoints: {checkpoints}; the same command with --resume goes on from there",
                  file=sys.stderr, flush=True)  # fmt: skip

    return move


def _check_place(path: Path, *, is_file: bool) -> None:
    """Say before the work is done, not after it, that a place cannot be written to."""
    try:
        if is_file and path.is_dir():
            raise InputError.of(str(path), "is a folder; name a file such as posterior.nc")
        folder = path.parent if is_file else path
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        if not folder.is_dir():
            raise InputError.of(str(path), f"cannot be written: {folder} is not a folder")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise InputError.of(str(path), "cannot be written: no permission")
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError.of(str(path)[:200], "is no name of a file or folder") from None


def _case(name: str) -> tuple[Case, Path | None]:
    """Return a case without what it has learned before, and its folder if that is the user's own."""
    from hudna import shipped
    from hudna.case import load_case
    from hudna.errors import no_such

    path = Path(name)
    try:
        own = path if (path / "case.toml").is_file() else None
    except (OSError, ValueError):  # a name that is too long
        own = None
    folder = own or shipped.case(name)
    if folder is None:
        text = "is no folder of a case and no shipped case"
        raise InputError.of(name, no_such("shipped case", name, shipped.cases(), text=text))
    problems = Problems()
    found = load_case(folder, problems, posterior=False)
    if found is None:
        raise InputError(problems)
    return found, own


@app.command()
def backtest(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="Its case, and its weeks, are judged.")],
    campaign: _Campaign = None,
    signal: Annotated[str, typer.Option(help="Events, or a sum of them.")] = "attacks.*",
    every: Annotated[int, typer.Option(help="Weeks from origin to origin.")] = 4,
    horizon: Annotated[list[int] | None, typer.Option(help="In weeks; may be repeated. 4, 13, 26.")] = None,
    islands: _Islands = None,
    draws: _Draws = None,
    paths: _Paths = None,
    seed: _Seed = 1,
    threads: _Threads = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write; out/backtest-SCENARIO if left out.")] = None,
    lang: Annotated[str, typer.Option(help="en or ar, for tables and figures.")] = "en",
    no_figures: Annotated[bool, typer.Option("--no-figures", help="Write no figures.")] = False,
    as_json: _Json = False,
) -> None:
    """Forecast the past again and again with nothing later than each origin, and score the forecasts."""
    from hudna.inference.backtest import Plan
    from hudna.inference.backtest import backtest as judge
    from hudna.report import replacing
    from hudna.report.record import lines, write_record
    from hudna.scenario import load

    language = known_language(lang)
    question = load(scenario)
    plan = Plan(signal=signal, every=every, horizons=tuple(horizon) if horizon else (4, 13, 26))
    sizes = _sizes(islands, draws, paths, None)
    target = out if out is not None else Path("out") / f"backtest-{question.id}"
    with replacing(target) as folder:
        with progress_bar(question.file.name.get(language)) as (progress, _):
            found = judge(
                question, campaign=campaign, plan=plan, sizes=sizes, seed=seed, threads=threads, progress=progress
            )
        manifest: dict[str, Any] = write_record(found, folder, lang=language, with_figures=not no_figures)
    if as_json:
        print_json({"out": str(target), "manifest": manifest, "forecasts": found.forecasts.to_dict("records")})
        return
    for line in lines(found, language):
        print(line)
    print(f"\nWritten to {target}")
