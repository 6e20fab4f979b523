"""What was observed in a case, listed: how many rows of what use, and which rows feed what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from rich.cells import cell_len

from hudna.case.evidence import files_of
from hudna.case.grammar import Text
from hudna.case.observations import USES, Row
from hudna.errors import InputError, Problems
from hudna.text.numbers import number_of
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    from hudna.case import Case
    from hudna.case.parameters import Parameter
    from hudna.cli.printing import Part
    from hudna.scenario import Scenario

__all__ = ["Foreseen", "as_data", "foresee", "listing", "summary"]

_SIGNS = {"exact": "", "at_least": ">= ", "approx": "~ "}
_word = Words("cli.observations")


Foreseen: TypeAlias = Mapping[str, Mapping[str, Mapping[int, int]]]  # by record, signal and weeks ahead: windows


def foresee(case: Case, question: Scenario | None, problems: Problems) -> tuple[Foreseen, list[Text]]:
    """Note everything that `calibrate` and `backtest` would refuse because of the rows, without sampling.

    Parameters
    ----------
    case : Case
    question : Scenario, optional
        Whose steps count in a backtest; steps of a week if left out.
    problems : Problems

    Returns
    -------
    how many windows of each family of events a backtest of each record could score, by weeks ahead; and notices
    """
    from hudna.judge.backtest import Plan, windows
    from hudna.judge.record import families
    from hudna.learn.calibration import NOTHING_WEIGHS, laid_rows
    from hudna.learn.origin import past_of
    from hudna.learn.past import history_program, laid_out, question_of

    found: dict[str, dict[str, dict[int, int]]] = {}
    notices: list[Text] = []
    if question is not None and question.file.as_of is not None:
        with problems.caught():
            past_of(question, question.file.as_of)
    for name, record in case.observations.records.items():
        asked = question if question is not None else question_of(case, record)
        try:
            _, rows, _ = laid_rows(case, name)
            if asked.file.step_days != 7:
                laid_out(history_program(asked, record, record.until), rows, asked)
        except InputError as error:
            problems.extend(error.problems)
            continue
        if not any(row.use == "likelihood" for row in rows):
            refused = {
                lang: _word("refused", lang).format(NOTHING_WEIGHS.get(lang).format(name)) for lang in ("en", "ar")
            }
            notices.append(Text(**refused))
        step = 7 if record.step == "month" else asked.file.step_days
        plan = Plan(every=_steps(Plan.every, step), horizons=tuple(_steps(weeks, step) for weeks in Plan.horizons))
        for family in families(rows):
            _, _, scored = windows(asked, name, replace(plan, signal=family))
            found.setdefault(name, {})[family] = {weeks: len(origins) for weeks, origins in scored.items()}
    return found, notices


def _steps(weeks: int, step_days: int) -> int:
    """Return so many weeks, or the next number of weeks that is a whole number of steps."""
    while 7 * weeks % step_days:
        weeks += 1
    return weeks


def summary(case: Case, foreseen: Foreseen, lang: Language = "en") -> Iterator[str]:
    """Yield how many rows there are, by use and by signal, and the records; nothing if nothing was observed."""
    observations = case.observations
    if not (observations.rows or observations.records or observations.counters):
        return
    uses = _uses(observations.rows, lang)
    yield _word("observations", lang).format(_count(len(observations.rows), lang), uses and f": {uses}")
    for signal, rows in _by_signal(observations.rows).items():
        yield f"  {signal}: {_uses(rows, lang)}"
    for name, record in observations.records.items():
        default = _word("default", lang) if name == observations.default and len(observations.records) > 1 else ""
        inside = _count(len(observations.rows_of(name)), lang)
        weeks = record.weeks if lang == "ar" else number_of(record.weeks, "week", lang)
        yield _word("record", lang).format(name, default, weeks, record.start, inside)
        for family, counts in foreseen.get(name, {}).items():
            ahead = _word("comma", lang).join(_word("n of", lang).format(n, ahead) for ahead, n in counts.items())
            yield "  " + _word("windows", lang).format(family, ahead)


def listing(case: Case, parameters: Mapping[str, Parameter], lang: Language = "en") -> Iterator[Part]:
    """Yield every row, those of one use together, and the parameters that were computed from evidence.

    Parameters
    ----------
    case : Case
    parameters : mapping from name to Parameter
        The case's, perhaps with a scenario's laid over them.
    lang : {"en", "ar"}
    """
    for use in USES:
        rows = [row for row in case.observations.rows if row.use == use]
        if rows:
            yield ""
            feeds = _word(f"feeds {use}", lang)
            yield f"{_word(use, lang)} ({feeds}): {_count(len(rows), lang)}", True
            header = ["line", "dates", "signal", "value", "counter", "confidence", "source"]
            yield from _columns([[_word(key, lang) for key in header], *(_cells(row, lang) for row in rows)])
    priors = _priors(case, parameters)
    if priors:
        yield ""
        yield _word("computed", lang), True
        header = ["parameter", "of record", "rows of", "files"]
        unsaid = _word("not said", lang)
        cells = [
            [prior["parameter"], prior["record"], _dates(*prior["rows"], lang=lang) if prior["rows"] else unsaid,
             ", ".join(prior["files"])]
            for prior in priors
        ]  # fmt: skip
        yield from _columns([[_word(key, lang) for key in header], *cells])


def as_data(case: Case, parameters: Mapping[str, Parameter], foreseen: Foreseen) -> dict[str, Any]:
    """Return what `summary` and `listing` say as plain data, for JSON."""
    observations = case.observations
    return {
        "uses": _use_counts(observations.rows),
        "signals": {signal: _use_counts(rows) for signal, rows in _by_signal(observations.rows).items()},
        "counters": {
            name: {"ratio": counter.ratio, "sd": counter.sd} for name, counter in observations.counters.items()
        },
        "default": observations.default,
        "records": {
            name: {
                "start": record.start,
                "until": record.until,
                "weeks": record.weeks,
                "rows": [row.line for row in observations.rows_of(name)],
                "windows": foreseen.get(name, {}),
            }
            for name, record in observations.records.items()
        },
        "rows": [_row(row) for row in observations.rows],
        "priors": _priors(case, parameters),
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "line": row.line,
        "date_start": row.start,
        "date_end": row.end,
        "signal": row.signal,
        "signals": list(row.signals),
        "value": row.state if row.kind == "regime" else row.value,
        "qualifier": row.qualifier,
        "word": row.word,
        "counter": row.counter,
        "confidence": row.confidence,
        "use": row.use,
        "source": row.source,
        "note": row.note,
    }


def _priors(case: Case, parameters: Mapping[str, Parameter]) -> list[dict[str, Any]]:
    """Return each parameter of the status evidence, its files and the dates of its rows; records' own too."""
    entries = [("", name, parameter) for name, parameter in sorted(parameters.items())]
    for record, found in case.observations.records.items():
        entries += [(record, name, parameter) for name, parameter in sorted(found.parameters.items())]
    return [
        {"parameter": name, "record": record, "files": list(files_of(parameter)), "rows": parameter.rows}
        for record, name, parameter in entries
        if parameter.status == "evidence"
    ]


def _cells(row: Row, lang: Language) -> list[str]:
    value = row.state or _SIGNS[row.qualifier] + f"{row.value:.12g}"
    word = f" ({row.word})" if row.word != row.qualifier else ""
    dates = _dates(row.start, row.end, lang=lang)
    return [str(row.line), dates, row.signal, value + word, row.counter or "-", row.confidence, row.source or "-"]


def _dates(first: Any, last: Any, *, lang: Language) -> str:
    return str(first) if first == last else f"{first} {_word('to', lang)} {last}"


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lay out rows of cells, the first of them a heading, in columns parted by two spaces."""
    plain = [["".join(c if c.isprintable() else "?" for c in cell) for cell in row] for row in rows]
    widths = [max(cell_len(row[i]) for row in plain) for i in range(len(plain[0]))]
    for row in plain:
        cells = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        yield ("  " + "  ".join(cells)).rstrip()


def _by_signal(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return the rows of each signal or sum, two ways to write one together, in name order."""
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(row.signals, []).append(row)
    return dict(sorted((own[0].signal, own) for own in found.values()))


def _use_counts(rows: Sequence[Row]) -> dict[str, int]:
    counts: Counter[str] = Counter(row.use for row in rows)
    return {use: counts[use] for use in USES}


def _uses(rows: Sequence[Row], lang: Language) -> str:
    counts = ((_word(use, lang), n) for use, n in _use_counts(rows).items() if n)
    return _word("comma", lang).join(f"{use} {n}" if lang == "ar" else f"{n} {use}" for use, n in counts)


def _count(n: int, lang: Language) -> str:
    return str(n) if lang == "ar" else number_of(n, "row", lang)
