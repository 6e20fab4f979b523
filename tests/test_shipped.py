"""Every shipped scenario runs, and its counts and states are those of the stored digests.

A digest moves only together with a line under "Output changes" in CHANGELOG.md. To print new ones:
`python tests/test_shipped.py`.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import hudna
from hudna import shipped
from hudna.engine import compile_scenario, simulate

DIGESTS = Path(__file__).with_name("digests.json")


def digest(name: str) -> str:
    """Hash every count and every regime's state of a small run; levels may move in their last bit."""
    scenario = hudna.load(name)
    simulation = simulate(compile_scenario(scenario), draws=6, paths=5, seed=11, trajectories="all")
    hasher = hashlib.blake2b(digest_size=16)
    for policy, label in sorted((label, i) for i, label in enumerate(simulation.program.policies)):
        for k, signal in enumerate(simulation.trajectory_signals):
            if scenario.case.signals[signal].measure in ("count", "state", "indicator"):
                hasher.update(f"{policy} {signal} ".encode())
                numbers = simulation.trajectories[label, k]
                assert (numbers == np.round(numbers)).all()
                hasher.update(numbers.astype("<i8").tobytes())
    return hasher.hexdigest()


@pytest.mark.parametrize("name", shipped.scenarios())
def test_counts_and_states_are_the_stored_ones(name):
    stored = json.loads(DIGESTS.read_text(encoding="utf-8"))
    assert set(stored) == set(shipped.scenarios())
    assert digest(name) == stored[name]


def test_a_digest_sees_a_single_count():
    first = hashlib.blake2b(np.zeros(10, "<i8").tobytes()).hexdigest()
    other = np.zeros(10, "<i8")
    other[3] = 1
    assert first != hashlib.blake2b(other.tobytes()).hexdigest()


@pytest.mark.parametrize("name", shipped.scenarios())
def test_everything_a_reader_sees_has_an_arabic_name(name):
    scenario = hudna.load(name)
    texts = [scenario.file.name, scenario.file.question, scenario.case.about.name, scenario.case.about.summary]
    texts += [policy.name for policy in scenario.file.policies.values()]
    texts += [outcome.name for outcome in scenario.file.outcomes.values()]
    texts += [actor.name for actor in scenario.case.actors.values()]
    texts += [text for signal in scenario.case.signals.values() for text in (signal.label, signal.unit)]
    units = {parameter.unit for parameter in scenario.case.parameters.values()} - {"1"}
    texts += [scenario.case.unit(unit) for unit in sorted(units)]
    missing = [text.en for text in texts if not text.ar]
    assert not missing


def test_no_evidence_of_the_iraq_case_is_later_than_its_date():
    case = hudna.load("iraq-2024").case
    assert case.evidence_until.isoformat() == "2024-08-22"
    dated = ("date", "start")
    for path in sorted((case.folder / "evidence").glob("*.csv")):
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        column = next(i for i, name in enumerate(header.split(",")) if name in dated)
        late = [row for row in rows if row.split(",")[column] > "2024-08-22"]
        assert not late, path.name


COUNTED = {
    "attacks_outbreak": 73,
    "attacks_pause": 1,
    "attacks_december": 28,
    "attacks_turn_of_year": 38,
    "attacks_january": 30,
    "attacks_spring": 2,
    "attacks_summer": 6,
}


def outside(result, factor=1.0):
    """Return the periods whose count lies outside the 90 % interval of futures."""
    samples = {outcome: factor * result.sample(outcome, "as_it_was") for outcome in COUNTED}
    return [
        outcome
        for outcome, counted in COUNTED.items()
        if min((samples[outcome] <= counted).mean(), (samples[outcome] >= counted).mean()) < 0.05
    ]


def test_the_priors_hold_what_was_counted_if_the_posture_is_known():
    # Of seven intervals of 90 % one outside must be expected.
    result = hudna.run("hindcast-2023-rates", draws=400, paths=50, seed=3)
    assert outside(result) == []
    assert len(outside(result, factor=0.01)) > 1


def test_the_campaign_of_2023_surprises_the_priors_and_its_months_alone():
    # None of four earlier rounds in Gaza was followed by a campaign: the base rates before it make it improbable, not
    # impossible. All that was counted while it lasted lies above the intervals, nothing before or after it does.
    result = hudna.run("hindcast-2023", draws=400, paths=50, seed=3)
    campaign = ["attacks_outbreak", "attacks_december", "attacks_turn_of_year", "attacks_january"]
    assert outside(result) == campaign
    opened = (result.sample("attacks_outbreak", "as_it_was") >= 15).mean()
    assert 0.05 < opened < 0.2


if __name__ == "__main__":
    print(json.dumps({name: digest(name) for name in shipped.scenarios()}, indent=2))
