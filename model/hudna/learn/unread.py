"""Rows that a posterior has not learned from and that a run does not weigh either; weighed twice they are refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from hudna.case.grammar import Text
from hudna.case.observations import Record, Row
from hudna.case.posterior import Posterior
from hudna.errors import InputError
from hudna.learn.timetable import known_by
from hudna.scenario import Scenario

__all__ = ["filled", "left_aside"]

_UNREAD = Text(
    en="rows that the posterior has not learned from and that weigh nothing here: {}, {}; calibrate the record {}",
    ar="مشاهدات لم يستفد منها التوزيع البعدي ولا ترجح شيئا هنا: عددها {}، {}؛ أعد المعايرة للمرحلة {}",
)
_UNREAD_UNDATED = Text(
    en=f"{_UNREAD.en}, or start from a date with --as-of", ar=f"{_UNREAD.ar}، أو ابدأ من تاريخ بالخيار --as-of"
)


def left_aside(
    scenario: Scenario, posterior: Posterior, known: Sequence[Row], date: dt.date, first: dt.date | None
) -> tuple[Text, ...]:
    """Say which rows neither the posterior has learned from nor the run weighs.

    Parameters
    ----------
    known : rows of the record that the run goes through, known by `date`
    first : day from which on they weigh the posterior's draws; None if none do

    Raises
    ------
    InputError
        If rows would weigh that the posterior has learned from.
    """
    observations = scenario.case.observations
    record, through = (observations.records[name] for name in (posterior.record, observations.default))
    learned = {row.said for row in _read(known_by(observations.rows_of(posterior.record), posterior.until), record)}
    weighed = [row for row in _read(known, through) if first is not None and row.end >= first]
    twice = [row for row in weighed if row.said in learned]
    if twice:
        text = (
            f"the posterior, of the record {posterior.record} until {posterior.until}, has learned from rows that "
            f"would weigh its draws again, from {first} on: {_lines(twice)}; calibrate the record "
            f'{observations.default}, or run from the priors with --prior (belief="prior")'
        )
        raise InputError.of(scenario.id, text, key="as_of", given=str(date))
    later = known_by([row for row in observations.rows if row.start >= posterior.until], date)
    seen = learned | {row.said for row in weighed}
    left = {row.line: row for row in (*_read(known, through), *_read(later, None)) if row.said not in seen}
    if not left:
        return ()
    return (filled(_UNREAD if first else _UNREAD_UNDATED, len(left), _lines(left.values()), observations.default),)


def filled(text: Text, *values: object) -> Text:
    """Return a text with values in its gaps, in both languages."""
    return Text(en=text.en.format(*values), ar=str(text.ar).format(*values))


def _read(rows: Sequence[Row], record: Record | None) -> list[Row]:
    """Return the rows that weigh in a fit; a count that began before the record cannot be read."""
    weighing = [row for row in rows if row.use == "likelihood"]
    return [row for row in weighing if record is None or row.kind != "events" or row.start >= record.start]


def _lines(rows: Iterable[Row]) -> str:
    """Name rows by their lines in the table."""
    lines = [str(row.line) for row in rows]
    return "observations.csv:" + ", ".join(lines if len(lines) < 6 else [*lines[:4], "..."])
