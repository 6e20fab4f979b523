"""The commands that learn: a case's parameters from its observations, and how well that would have foretold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hudna.cli.commands import app, known_language
from hudna.cli.printing import print_json, print_lines, problems_data, progress_bar
from hudna.errors import InputError, Problems

if TYPE_CHECKING:
    from hudna.case import Case
    from hudna.errors import Problem

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
    from hudna.cli.learned import learned_parameters
    from hudna.cli.pictures import finish
    from hudna.files.whole import check_file
    from hudna.inference.calibration import Sizes, diagnostics
    from hudna.inference.calibration import calibrate as learn
    from hudna.inference.posterior_files import about_posterior, write_inference_data, write_posterior
    from hudna.report.learning import pictures

    language = known_language(lang)
    found, own = _case(case)
    target = out or own
    if target is None:
        text = "is a shipped case, which is not written to; name a folder with --out, or copy it with hudna copy"
        raise InputError.of(case, text)
    sizes = Sizes(islands, draws, paths, min(1000, islands * draws) if keep is None else keep)
    sizes.check()
    check_file(target, folder=True)
    check_file(arviz)
    check_file(figures, folder=True)
    with progress_bar(f"{found.about.name.get(language)}", language) as (progress, _):
        learned = learn(found, campaign=campaign, sizes=sizes, seed=seed, threads=threads, progress=progress)
    written = list(write_posterior(learned, target))
    if arviz is not None:
        written.append(write_inference_data(learned, arviz))

    def show(final: Mapping[str, Any], problems: Sequence[Problem]) -> None:
        drawn = [figures / f"{name}.png" for name in final.get("pictures", ())] if figures is not None else []
        if as_json:
            print_json(
                {
                    "written": [str(path) for path in (*written, *drawn)],
                    "posterior": about_posterior(learned),
                    "problems": problems_data(problems),
                }
            )
            return
        for line in diagnostics(learned):
            print(line)
        print()
        print_lines(learned_parameters(learned))
        for path in (*written, *([] if figures is None else [figures])):
            print(f"Written: {path}")

    finish(show, pictures(learned, language), figures, within="", lang=language, as_json=as_json)


def _case(name: str) -> tuple[Case, Path | None]:
    """Return a case without what it has learned before, and its folder if that is the user's own."""
    from hudna import shipped
    from hudna.case import load_case
    from hudna.errors import nearest

    path = Path(name)
    try:
        own = path if (path / "case.toml").is_file() else None
    except (OSError, ValueError):  # a name that is too long
        own = None
    folder = own or shipped.case(name)
    if folder is None:
        text = f"is no folder of a case and no shipped case{nearest(name, shipped.cases())}; shipped: "
        raise InputError.of(name, text + ", ".join(shipped.cases()))
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
    from hudna.cli.pictures import finish
    from hudna.files.whole import replacing
    from hudna.inference.backtest import Plan
    from hudna.inference.backtest import backtest as judge
    from hudna.inference.calibration import Sizes
    from hudna.report.record import lines, pictures, write_record
    from hudna.scenario import load

    language = known_language(lang)
    question = load(scenario)
    plan = Plan(signal=signal, every=every, horizons=tuple(horizon) if horizon else (4, 13, 26))
    sizes = Sizes(islands, draws, paths, min(1000, islands * draws))
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
        for line in lines(found, language):
            print(line)
        print(f"\nWritten to {target}")

    drawn = None if no_figures else target
    finish(show, pictures(found.forecasts, language), drawn, manifest, lang=language, as_json=as_json)
