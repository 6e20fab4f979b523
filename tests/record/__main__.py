"""The measured record: calibrate, backtest, check, and write the figures into the documents.

`python tests/record` does all of it with the sizes that the documents state (some twenty minutes on two cores);
`--quick` does it in small, into build/record only. Tables go between the markers of docs/forecast-record.md and
docs/record-ucdp.md, pictures to docs/images, the posterior beside the case.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
CASE = ROOT / "params" / "iraq-2024"
PAGE = ROOT / "docs" / "forecast-record.md"
UCDP = ROOT / "docs" / "record-ucdp.md"
IMAGES = ROOT / "docs" / "images"
SEED = 20240822
SHOWN = ("outcomes-4w", "outcomes-13w", "coverage", "pit", "reliability", "skill-4w", "skill-13w",
         "learned", "predictive-attacks")  # fmt: skip
STEPS = ("calibrate", "learned", "backtest", "second", "pictures", "ucdp")
MAIN: dict = {}
ATTACKS = ("attacks.iraq", "attacks.jordan", "attacks.syria")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, nothing in the documents is touched")
    parser.add_argument("--only", nargs="*", choices=STEPS, help="leave the rest out")
    given = parser.parse_args()
    chosen = given.only or STEPS
    build = ROOT / "build" / "record"
    build.mkdir(parents=True, exist_ok=True)
    tables: dict[str, list[str]] = {}
    began = time.perf_counter()
    if "calibrate" in chosen:
        calibrated(build, quick=given.quick)
    if "learned" in chosen:
        tables |= learned()
    if "backtest" in chosen:
        tables["backtest"] = judged(build, "main", MAIN, quick=given.quick)
    if "second" in chosen:
        tables |= second(build, quick=given.quick)
    if "pictures" in chosen:
        pictures(build, quick=given.quick)
    months: dict[str, list[str]] = {}
    if "ucdp" in chosen:
        import ucdp

        months = ucdp.tables(build, quick=given.quick)
    for name, lines in (tables | months).items():
        (build / f"{name}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if not given.quick:
        fill(PAGE, tables)
        fill(UCDP, months)
    print(f"done in {(time.perf_counter() - began) / 60:.1f} minutes; tables in {build}")


def sizes(quick: bool):
    from hudna.learn.calibration import Sizes

    return Sizes(2, 60, 40, 100) if quick else Sizes(4, 300, 120, 1000)


def coarse(quick: bool):
    """Return sizes for the second record, which is four times as long and has fewer rows."""
    from hudna.learn.calibration import Sizes

    return Sizes(2, 60, 40, 100) if quick else Sizes(2, 150, 80, 300)


def calibrated(build: Path, *, quick: bool) -> None:
    """Learn the main record and write the posterior beside the case."""
    from hudna.learn.calibration import calibrate
    from hudna.learn.posterior_files import write_posterior

    began = time.perf_counter()
    found = calibrate(case_of(), sizes=sizes(quick), seed=SEED)
    write_posterior(found, build if quick else CASE)
    print(f"calibrated in {(time.perf_counter() - began) / 60:.1f} minutes")


def case_of():
    from hudna.case import load_case

    return load_case(CASE)


def learned() -> dict[str, list[str]]:
    """Return what the page says of the posterior that is beside the case."""
    from hudna.judge.checks import replicate
    from hudna.learn.posterior_files import recalled

    case = case_of()
    found = recalled(case)
    checked = replicate(found.program, found.theta, case, case.observations.rows, ATTACKS, seed=SEED)
    rows = ["| parameter | prior 5, 50, 95 % | posterior 5, 50, 95 % | overlap | R-hat |", "|---|---|---|---|---|"]
    for name, one in sorted(found.learned.items(), key=lambda item: item[1].overlap):
        if one.calibrated:
            prior, posterior = (" ".join(f"{x:.3g}" for x in three) for three in (one.prior, one.posterior))
            rows.append(f"| `{name}` | {prior} | {posterior} | {one.overlap:.2f} | {one.rhat:.2f} |")
    about = case.posterior.about
    said = [f"- {key.replace('_', ' ')}: {_said(value)}" for key, value in about["diagnostics"].items()]
    said.insert(
        0, "- " + ", ".join(f"{key} {value}" for key, value in about["sizes"].items()) + f"; seed {about['seed']}"
    )
    return {"diagnostics": said, "learned": rows, "replicated": replicated(checked)}


def _said(value) -> str:
    return ", ".join(str(x) for x in value) if isinstance(value, list) else str(value)


def replicated(checked) -> list[str]:
    lines = ["| four weeks from | counted | replicated 90 % | median | P(at most the count) |", "|---|---|---|---|---|"]
    for start, counted, q, p in zip(checked.starts, checked.counted, checked.quantiles, checked.at_most, strict=True):
        lines.append(f"| {start} | {counted:.0f} | {q[0]:.0f} – {q[4]:.0f} | {q[2]:.0f} | {p:.2f} |")
    return lines


def judged(build: Path, record: str, asked: dict, *, quick: bool) -> list[str]:
    """Backtest a record; return its tables and draw its pictures."""
    import hudna
    from hudna.judge.backtest import Plan, backtest
    from hudna.report.record import markdown

    began = time.perf_counter()
    plan = Plan(**asked, **({"draws": 100, "paths": 20} if quick else {}))
    size = sizes(quick) if record == "main" else coarse(quick)
    found = backtest(hudna.load("iraq-2024"), record=record, plan=plan, sizes=size, seed=SEED)
    took = time.perf_counter() - began
    found.forecasts.to_pickle(build / f"forecasts-{record}.pkl")
    posture, shares = found.shares["posture"]
    lines = [*markdown(found), "", "| origin | " + " | ".join(f"P({s})" for s in posture) + " |"]
    lines.append("|---" * (1 + len(posture)) + "|")
    for origin, share in zip(sorted(found.forecasts["origin"].unique()), shares, strict=False):
        lines.append(f"| {origin} | " + " | ".join(f"{x:.2f}" for x in share) + " |")
    return [*lines, "", f"{took / 60:.1f} minutes on two threads."]


def pictures(build: Path, *, quick: bool) -> None:
    """Draw the pictures of the main calibration and backtest."""
    import pandas as pd

    from hudna.files.whole import placing
    from hudna.learn.posterior_files import recalled
    from hudna.report import figures, learning, record

    frame = pd.read_pickle(build / "forecasts-main.pkl")
    learned = recalled(case_of())
    for lang in ("en", "ar"):
        folder = build / f"drawn-{lang}"
        with placing(folder) as place:
            drawn = [*record.pictures(frame, lang), *learning.pictures(learned, lang)]
            assert not figures.write_pictures(drawn, place.write)[1]
        for path in sorted(folder.iterdir()):
            if not quick and path.stem in SHOWN:
                shutil.copyfile(path, IMAGES / f"record-{path.stem}{'' if lang == 'en' else '-ar'}.png")


def second(build: Path, *, quick: bool) -> dict[str, list[str]]:
    """Fit the second record on its own and ask what of it holds in the first, and the other way round."""
    from hudna.judge.checks import replicate
    from hudna.learn.calibration import calibrate, diagnostics, laid_rows

    case = case_of()
    assert case is not None and case.posterior is not None  # noqa: PT018 (`calibrate` has been done)
    other = calibrate(case, record="second", sizes=coarse(quick), seed=SEED)
    lines = ["| parameter | main 5, 50, 95 % | second 5, 50, 95 % | overlap of the two |", "|---|---|---|---|"]
    for i, name in enumerate(other.program.parameters):
        one, two = case.posterior.learned[name], other.learned[name]
        if one.overlap < 0.8 and two.overlap < 0.8:
            common = overlap(case.posterior.theta[:, case.posterior.names.index(name)], other.theta[:, i])
            a, b = (" ".join(f"{x:.3g}" for x in three) for three in (one.posterior, two.posterior))
            lines.append(f"| `{name}` | {a} | {b} | {common:.2f} |")
    ahead = replicate(laid_rows(case, "main")[2].program, other.theta, case, case.observations.rows, ATTACKS, seed=SEED)
    return {
        "second": [f"- {line}" for line in diagnostics(other)],
        "travel": lines,
        "carried": replicated(ahead),
    }


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Return the share of probability that two samples have in common, on 20 bins of equal shares of both."""
    edges = np.quantile(np.concatenate([a, b]), np.linspace(0, 1, 21))
    edges[0], edges[-1] = -np.inf, np.inf
    shares = [np.histogram(x, edges)[0] / x.size for x in (a, b)]
    return float(np.minimum(*shares).sum())


def fill(page: Path, tables: dict[str, list[str]]) -> None:
    """Write tables between the markers of a page."""
    text = page.read_text(encoding="utf-8")
    for name, lines in tables.items():
        pattern = rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)"
        if not re.search(pattern, text, re.DOTALL):
            sys.exit(f"{page}: there are no markers for {name}")
        body = "\n".join(["", *lines, "", ""])
        text = re.sub(pattern, lambda found, body=body: found[1] + body + found[2], text, flags=re.DOTALL)
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
