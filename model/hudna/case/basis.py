"""What a posterior follows from, and whether that is still what its case says."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from hudna.case.case import Case
from hudna.case.grammar import Text
from hudna.case.posterior import ABOUT, read_posterior
from hudna.errors import Problems

__all__ = ["basis", "with_posterior"]

_TEXTS = ("name", "note", "unit", "source", "url")


def basis(case: Case, record: str) -> str:
    """Return a hash of all that a posterior follows from: priors, nodes, ties, counters, the record and its rows.

    Names and notes are left out, so that a text may be mended without calibrating anew.
    """
    observations = case.observations
    data = {
        "nodes": {name: _without_texts(node.model_dump(mode="json")) for name, node in case.nodes.items()},
        "priors": {name: p.prior.model_dump(mode="json") for name, p in case.parameters.items()},
        "channels": dict(case.about.channels),
        "correlations": {n: _without_texts(c.model_dump(mode="json")) for n, c in case.about.correlations.items()},
        "ties": [(tie.id, tie.channel, tie.weight, tie.toward) for tie in case.ties],
        "counters": {n: _without_texts(c.model_dump(mode="json")) for n, c in observations.counters.items()},
        "record": _without_texts(observations.records[record].model_dump(mode="json")),
        "rows": sorted(row.said for row in observations.rows_of(record) if row.weighs),
    }
    return hashlib.blake2b(json.dumps(data, sort_keys=True).encode(), digest_size=16).hexdigest()


def with_posterior(case: Case, problems: Problems) -> Case:
    """Return the case with the posterior in its folder; what the rows said something about has status calibrated.

    A posterior that follows from other priors or rows than the case's is kept, and said to be out of date.
    """
    found = read_posterior(case.folder, problems)
    if found is None:
        return case
    known = found.record in case.observations.records
    if not known or basis(case, found.record) != found.basis or set(found.names) != set(case.parameters):
        notice = Text(
            en=f"{ABOUT} is out of date: priors, drivers or rows have changed since; run hudna calibrate",
            ar=f"الملف {ABOUT} قديم: تغيرت التوزيعات القبلية أو المحركات أو المشاهدات منذ كتابته؛ شغل hudna calibrate",
        )
        return replace(case, posterior=replace(found, current=False), notices=(*case.notices, notice))
    parameters = {
        name: parameter.model_copy(update={"status": "calibrated"}) if found.learned[name].calibrated else parameter
        for name, parameter in case.parameters.items()
    }
    notices = (*case.notices, *found.notices)
    return replace(case, posterior=found, parameters=parameters, notices=notices)


def _without_texts(item: Any) -> Any:
    if isinstance(item, dict):
        return {key: _without_texts(value) for key, value in item.items() if key not in _TEXTS}
    return [_without_texts(part) for part in item] if isinstance(item, list) else item
