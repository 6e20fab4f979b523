"""The commands that learn: a case's parameters from its observations, and how well that would have foretold them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hudna.cli.commands import app, known_language
from hudna.cli.printing import print_json, print_lines, progress_bar
from hudna.errors import InputError, Problems

if TYPE_CHECKING:
    from hudna.case import Case

__all__ = ["backtest", "calibrate"]

_Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
_Islands = Annotated[int, typer.Option(help="Samplers with seeds of their own.")]
_Draws = Annotated[int, typer.Option(help="Samples of the parameters in each.")]
_Paths = Annotated[int, typer.Option(help="Paths that filter each sample.")]
_Seed = Annotated[int, typer.Option(help="Of the random numbers.")]
_Threads = Annotated[int | None, typer.Option(help="Moves no bit of the result.")]
_Campaign = Annotated[str | None, typer.Option(help="Of observations.toml; its default one if left out.")]


@app.command()
def calibrate(
    case: Annotated[str, typer.Argument(metavar="CASE", help="The folder of a case, or the name of a shipped one.")],
    campaign: _Campaign = None,
    islands: _Islands = 4,
    draws: _Draws = 300,
    paths: _Paths = 120,
    keep: Annotated[
        int | None, typer.Option(help="Samples that are written, of all samplers; 1000 or all of them if left out.")
    ] = None,
    seed: _Seed = 1,
    threads: _Threads = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the posterior; the case's own if left out.")] = None,
    figures: Annotated[Path | None, typer.Option(help="Folder for pictures of what was learned.")] = None,
    arviz: Annotated[Path | None, typer.Option(metavar="FILE", help="Write netCDF for ArviZ too.")] = None,
    lang: Annotated[str, typer.Option(help="en or ar, for the pictures.")] = "en",
    as_json: _Json = False,
) -> None:
    """Learn a case's parameters from its observations, and write the posterior beside the case."""
    from hudna.inference.calibration import Sizes, diagnostics
    from hudna.inference.calibration import calibrate as learn
    from hudna.inference.posterior_files import about_posterior, write_inference_data, write_posterior

    language = known_language(lang)
    found, own = _case(case)
    target = out or own
    if target is None:
        text = "is a shipped case, which is not written to; name a folder with --out, or copy it with hudna copy"
        raise InputError.of(case, text)
    sizes = Sizes(islands, draws, paths, min(1000, islands * draws) if keep is None else keep)
    sizes.check()
    for path, is_file in ((target, False), (arviz, True), (figures, False)):
        if path is not None:
            _check_place(path, is_file=is_file)
    with progress_bar(f"{found.about.name.get(language)}") as (progress, _):
        learned = learn(found, campaign=campaign, sizes=sizes, seed=seed, threads=threads, progress=progress)
    written = list(write_posterior(learned, target))
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
    islands: _Islands = 4,
    draws: _Draws = 300,
    paths: _Paths = 120,
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
    from hudna.inference.calibration import Sizes
    from hudna.report import replacing
    from hudna.report.record import lines, write_record
    from hudna.scenario import load

    language = known_language(lang)
    question = load(scenario)
    plan = Plan(signal=signal, every=every, horizons=tuple(horizon) if horizon else (4, 13, 26))
    sizes = Sizes(islands, draws, paths, min(1000, islands * draws))
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
