"""Read what was observed: `observations.toml` and `observations.csv` of a case, and check them against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hudna.case.case import Case
from hudna.case.checking import build, salvage
from hudna.case.documents import Document, display
from hudna.case.evidence import check_never_both
from hudna.case.grammar import wrong_name
from hudna.case.observation_rows import read_rows
from hudna.case.observations import (
    EventTable,
    Observations,
    ObservationsFile,
    Record,
    Row,
)
from hudna.case.overlay import check_schedules, lay_parameters, lay_starts
from hudna.case.references import Known, Unread, check_names
from hudna.errors import Problems

__all__ = ["TABLE", "read_observations"]

TABLE = "observations.csv"
_TABLES = ("starts", "parameters", "schedules")


def read_observations(case: Case, unread: Unread, problems: Problems) -> tuple[Case, Unread]:
    """Return the case with its observations, as far as they can be read, and what is there but could not be.

    Parameters
    ----------
    case : Case
        Without observations.
    unread : Unread
        Names of the case that could not be read.
    problems : Problems
    """
    table = case.folder / TABLE
    document = case.documents.get("observations", Document(case.folder / "observations.toml", {}))
    written = {kind: _table(document, kind) for kind in ("counters", "records")}
    for kind, tables in written.items():
        for name in tables:
            if wrong := wrong_name(name):
                document.note(problems, (kind, name), wrong)
    file = build(ObservationsFile, document.data, document, (), problems)
    file = file or salvage(ObservationsFile, document.data, tuple(written), {})
    unread = replace(unread, observations=frozenset(written["counters"]) - frozenset(file.counters))
    names = list(written["records"])
    if len(names) > 1 and "default" not in document.data:
        text = f"is missing: the record that is meant if none is named, one of {', '.join(names)}"
        problems.add(document.where(("records",)), "default", text)
    default = file.default or (names[0] if len(names) == 1 else "")
    form = _form(document)
    rows: tuple[Row, ...] = ()
    found = Observations(file.counters, file.records, default, form=form or EventTable())
    if form is not None and (table.exists() or table.is_symlink()):
        rows = read_rows(table, case.signals, file.counters, problems, unread=unread, case_folder=case.folder,
                         form=form, edges=found.edges, choosing=found.choosing)  # fmt: skip
        rows = rows if form.rows == "counts" else tuple(_aside(row, found) for row in rows)
    case = replace(case, observations=replace(found, rows=rows))
    known = Known.of(case.nodes, case.signals, case.parameters, unread, record=names)
    records = {
        name: file.records.get(name) or salvage(Record, data, _TABLES, {})
        for name, data in written["records"].items()
        if isinstance(data, Mapping)
    }
    check_names(file.model_copy(update={"records": records}), known, document, (), problems)
    for name, record in records.items():
        key = ("records", name)
        own = lay_parameters(record.parameters, case, document, (*key, "parameters"), problems)
        lay_starts(record.starts, case, replace(known, parameters=own), document, (*key, "starts"), problems)
        check_schedules(record.schedules, case, document, (*key, "schedules"), problems)
    whole = len(file.records) == len(names) and "observations" not in unread.files
    _check_dates(case, problems, records_known=whole)
    check_never_both(case, table, problems)
    return case, unread


def _form(document: Document) -> EventTable | None:
    """Return how the table is read; None if the file says so in a way that cannot be read."""
    data = {name: document.data[name] for name in EventTable.model_fields if name in document.data}
    return build(EventTable, data, document, (), Problems())


def _aside(row: Row, found: Observations) -> Row:
    """Return a row of a table of events as context if it is in no record: such a table is of more than one case."""
    inside = not row.weighs or any(record.covers(row) for record in found.records.values())
    return row if inside else replace(row, use="context")


def _table(document: Document, name: str) -> Mapping[str, Any]:
    """Return a table of the file as written."""
    found = document.data.get(name)
    return found if isinstance(found, Mapping) else {}


def _check_dates(case: Case, problems: Problems, *, records_known: bool) -> None:
    """Check that no row is later than the case's evidence, and that every row that weighs is in a record."""
    where = display(case.folder / TABLE)
    records = case.observations.records
    for row in case.observations.rows:
        if row.end > case.evidence_until:
            text = f"is after the case's evidence, which ends on {case.evidence_until} (evidence_until in case.toml)"
            problems.add(f"{where}:{row.line}", "date_end", text, given=str(row.end))
    if not records_known:
        return
    weighing = [row for row in case.observations.rows if row.weighs]
    outside = [row for row in weighing if not any(record.covers(row) for record in records.values())]
    if outside and not records:
        text = (f"rows of the use {outside[0].use} belong to a record, and there is none: begin one with "
                "[records.NAME] in observations.toml, or set their use to prior or context")  # fmt: skip
        problems.add(where, "", text)
        return
    for row in outside:
        known = "; ".join(f"{name} {c.start} to {c.until}" for name, c in records.items())
        text = f"is in no record ({known}); set its use to prior or context, or lengthen a record"
        problems.add(f"{where}:{row.line}", "date_start", text, given=str(row.start))
