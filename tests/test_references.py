"""Names are found where the fields of a table declare them, and looked up among what they should be names of."""

from dataclasses import replace

import pytest

import hudna
from hudna.case.documents import show_key
from hudna.case.grammar import Domain, Names
from hudna.case.nodes import Events
from hudna.case.references import Known, Unread, mentions

EVENTS = Events(
    kind="events",
    name="Raids",
    unit="raids",
    start=1.0,
    rate="raid_rate",
    rate_by={"truce": {"holds": "calm", "broken": 1.0}},
    effects={"attacks.*": "push", "mood": {"coefficient": 0.5, "relative_to": 0.1}},
    exposure={"presence": 1.0},
    resets_with="truce",
)


@pytest.fixture(scope="module")
def known() -> Known:
    case = hudna.load("two-militias").case
    return Known.of(case.nodes, case.signals, case.parameters, Unread(), actor=list(case.actors))


def test_every_name_is_found_with_its_place_and_what_it_should_be():
    assert {show_key(m.key): (m.name, m.names.what) for m in mentions(EVENTS) if m.key[-1] != m.name} == {
        "rate": ("raid_rate", "parameter"),
        "rate_by.truce.holds": ("calm", "parameter"),
        'effects."attacks.*".coefficient': ("push", "parameter"),
        "resets_with": ("truce", "regime"),
    }
    assert {m.key: m.names.what for m in mentions(EVENTS) if m.key[-1] == m.name} == {
        ("rate_by", "truce"): "regime",
        ("effects", "attacks.*"): "signal",
        ("effects", "mood"): "signal",
        ("exposure", "presence"): "signal",
    }


def test_nothing_that_a_shipped_case_names_is_missing(known):
    case = hudna.load("two-militias").case
    found = list(mentions(case.nodes))
    assert len(found) > 20
    assert [m for m in found if known.wrong(m.name, m.names)] == []


@pytest.mark.parametrize(
    ("name", "names", "text"),
    [
        ("GVO", Names("actor"), "there is no such actor; did you mean 'GOV'?; actors: GOV, NORTH, SOUTH"),
        ("presence", Names("regime"), "there is no such regime; regimes: truce"),
        ("presure", Names("signal"), "there is no such signal; did you mean 'pressure'?"),
        ("attacks.*", Names("signal", measure="level"), "must be a level: "),
        ("attacks", Names("family"), "there is no such signal"),
        ("truce_breaks", Names("parameter", Domain(low=5.0)), "must be >= 5, but the prior of this parameter reaches"),
    ],
)
def test_a_name_is_looked_up_among_what_it_should_be(known, name, names, text):
    assert known.wrong(name, names).startswith(text)


def test_a_name_that_could_not_be_read_is_excused(known):
    unread = Unread(drivers=frozenset({"raids"}), actors=frozenset({"KING"}), files=frozenset({"parameters"}))
    lost = replace(known, unread=unread)
    for name, what in [("raids.NORTH", "signal"), ("raids", "driver"), ("KING", "actor"), ("anything", "parameter")]:
        assert known.wrong(name, Names(what))
        assert not lost.wrong(name, Names(what))
    assert lost.wrong("QUEEN", Names("actor"))
