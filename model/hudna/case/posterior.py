"""What a case has learned: draws of its parameters that agree with its observations, and where they are from.

Three files beside the others: `posterior.csv`, a line a draw, a column a parameter; `posterior.npz`, states of each
draw at the record's end; `posterior.toml`, what they were learned from, with what, and how well. All are written by
`hudna calibrate`, read here, and never edited.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from hudna.arrays import ByContent, FloatArray
from hudna.case.documents import display, read_document, read_text
from hudna.case.grammar import Text
from hudna.errors import Problems

__all__ = [
    "ABOUT",
    "DISTINCT",
    "DRAWS",
    "QUICK",
    "STATES",
    "Learned",
    "Posterior",
    "digest",
    "read_posterior",
]

DRAWS, STATES, ABOUT = "posterior.csv", "posterior.npz", "posterior.toml"
RHAT = 1.1  # at which the means of samplers differ by half a standard deviation of the posterior
DISTINCT = 100  # draws, of which five lie beyond a quantile of 5 %
OVERLAP = 0.9  # of prior and posterior, below which a parameter counts as calibrated
QUICK = Text(
    en="the posterior is of a quick calibration: rough, for a first look only",
    ar="التوزيع البعدي من معايرة سريعة: تقريبي، ولا يصلح إلا لنظرة أولى",
)
_NO_STATES = Text(
    en=f"{STATES} is missing, damaged or of another posterior, so a run from a date filters the past; calibrate anew",
    ar=f"الملف {STATES} مفقود أو تالف أو يخص توزيعا بعديا آخر، لذلك يرشح التشغيل من تاريخ ما مضى؛ أعد المعايرة",
)


@dataclass(frozen=True)
class Learned:
    """Prior and posterior of a parameter side by side, as 5, 50 and 95 % quantiles."""

    prior: tuple[float, float, float]
    posterior: tuple[float, float, float]
    overlap: float  # share of probability that the two have in common
    rhat: float

    @property
    def calibrated(self) -> bool:
        """Whether the rows have said something about the parameter."""
        return self.overlap < OVERLAP


@dataclass(frozen=True, eq=False)
class Posterior(ByContent):
    """Draws of equal weight.

    names : of the parameters; theta : (draw, parameter); record, until : what was fitted; basis : hash of the
    priors, nodes and rows that it follows from; digest : of the draws; about : all of posterior.toml; current : whether
    the case is as it was; states : what posterior.npz holds, None if it is not the one that posterior.toml names
    """

    names: tuple[str, ...]
    theta: FloatArray = field(repr=False)
    record: str
    until: dt.date
    basis: str
    digest: str
    learned: Mapping[str, Learned]
    about: Mapping[str, Any] = field(repr=False)
    current: bool = True
    states: bytes | None = field(default=None, repr=False)

    @property
    def n_draws(self) -> int:
        """Number of draws."""
        return int(self.theta.shape[0])

    @cached_property
    def notices(self) -> tuple[Text, ...]:
        """Warnings about how well the draws were learned; none if well enough."""
        found = []
        if self.about.get("preset") == "quick":
            found.append(QUICK)
        if self.states is None and "states" in self.about:
            found.append(_NO_STATES)
        name, worst = max(self.learned.items(), key=lambda item: item[1].rhat)
        if not worst.rhat < RHAT:
            en = f"the posterior's samplers disagree: R-hat of {name} is {worst.rhat:.2f}; calibrate with more draws"
            ar = f"عينات التوزيع البعدي غير متفقة: قيمة R-hat لـ {name} هي {worst.rhat:.2f}؛ أعد المعايرة بعينات أكثر"
            found.append(Text(en=en, ar=ar))
        distinct = np.unique(self.theta, axis=0).shape[0]
        if distinct < DISTINCT:
            en = f"distinct draws of the posterior: {distinct}, too few for its tails; calibrate with more"
            ar = f"عدد العينات المختلفة في التوزيع البعدي {distinct}، وهو قليل للأطراف؛ أعد المعايرة بعينات أكثر"
            found.append(Text(en=en, ar=ar))
        return tuple(found)


def digest(content: str | bytes) -> str:
    """Return a hash of the text of posterior.csv, or of posterior.npz, which ties it to its posterior.toml."""
    raw = content.encode() if isinstance(content, str) else content
    return hashlib.blake2b(raw, digest_size=16).hexdigest()


def read_posterior(folder: Path, problems: Problems) -> Posterior | None:
    """Read the posterior in a case's folder; None if there is none, or it cannot be read (noted in `problems`)."""
    draws, about = folder / DRAWS, folder / ABOUT
    if not draws.exists() and not about.exists():
        return None
    hint = "both are written by `hudna calibrate`; calibrate anew, or take both away"
    for path in (draws, about):
        if not path.is_file():
            problems.add(display(path), "", f"is missing beside the other file of the posterior; {hint}")
            return None
    document, text = read_document(about, problems), read_text(draws, "CSV", problems)
    if document is None or text is None:
        return None
    try:
        found = _posterior(document.data, text.replace("\r\n", "\n"))
    except (csv.Error, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        problems.add(display(draws), "", f"is not a posterior that hudna wrote ({type(error).__name__}); {hint}")
        return None
    if found is None:
        problems.add(display(draws), "", f"has gaps, or does not fit {ABOUT}; {hint}")
        return None
    return replace(found, states=_states(folder / STATES, found.about.get("states")))


def _states(path: Path, hashed: Any) -> bytes | None:
    """Return what a file of states holds if it has this hash."""
    try:
        raw = path.read_bytes() if hashed is not None else b""
    except OSError:
        return None
    return raw if digest(raw) == hashed else None


def _posterior(data: Mapping[str, Any], text: str) -> Posterior | None:
    """Return the posterior that two files hold; None if they do not fit together."""
    header, *lines = csv.reader(text.splitlines())
    names, theta = tuple(header), np.array(lines, float)
    learned = {
        name: Learned(_three(entry["prior"]), _three(entry["posterior"]), float(entry["overlap"]), float(entry["rhat"]))
        for name, entry in data["parameters"].items()
    }
    record, follows, hashed = (str(data[key]) for key in ("record", "basis", "digest"))
    sound = theta.ndim == 2 and theta.shape[0] > 0 and theta.shape[1] == len(names) and np.isfinite(theta).all()
    whole = len(set(names)) == len(names) and set(names) == set(learned) and hashed == digest(text)
    if not sound or not whole or type(data["until"]) is not dt.date:
        return None
    return Posterior(names, theta, record, data["until"], follows, hashed, learned, data)


def _three(numbers: Any) -> tuple[float, float, float]:
    low, middle, high = (float(number) for number in numbers)
    return low, middle, high
