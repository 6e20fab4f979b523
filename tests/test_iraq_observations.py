"""The observations of the Iraq case: every line of evidence has a place, none feeds two things, priors follow rows."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import math

import pytest

import hudna
from hudna.case.evidence import cited, files_of

FIRST_DAY, LAST_DAY = dt.date(2023, 10, 5), dt.date(2024, 8, 21)  # of the record `main`
CITED_IN_FULL = (
    "attacks_cumulative",
    "attacks_events",
    "rocket_attacks_2019_2022",
    "reprisals",
    "truce",
    "gaza_regimes",
    "gaza_rounds",
    "domestic_pressure",
)
PROVINCES = {"Anbar", "Diyala", "Kirkuk", "Nineveh", "Salah al-Din"}
SAMPLES = ("2021-10-08", "2022-05-01", "2022-07-15", "2022-08-22", "2022-12-01")


@pytest.fixture(scope="module")
def case():
    return hudna.load("iraq-2024").case


def evidence(case, name):
    """Return the rows of a file of evidence by their line."""
    with (case.folder / "evidence" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return dict(enumerate(csv.DictReader(file), start=2))


def by_line(case, name):
    """Return the observations that are taken from each line of a file of evidence."""
    found = {}
    for row in case.observations.rows:
        for file, line in cited(row):
            if file == f"evidence/{name}.csv":
                found.setdefault(line, []).append(row)
    return found


def uncited(case, name, rows):
    return sorted(set(rows) - set(by_line(case, name)))


def days(row):
    return (dt.date.fromisoformat(row["end"]) - dt.date.fromisoformat(row["start"])).days


def weeks(first, last):
    """Return the weeks from the day `first` to the day `last`, both counted."""
    return ((dt.date.fromisoformat(last) - dt.date.fromisoformat(first)).days + 1) / 7


def prior(case, name):
    return case.parameters[name].prior


# ---- Every line has its place -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CITED_IN_FULL)
def test_every_line_of_evidence_is_taken_up(case, name):
    rows = evidence(case, name)
    assert len(rows) > 5
    assert uncited(case, name, rows) == []
    assert uncited(case, name, {**rows, max(rows) + 1: {}}) == [max(rows) + 1]  # the check can fail


def test_every_count_of_isis_attacks_from_2022_on_is_taken_up(case):
    rows = evidence(case, "isis_activity")
    counts = [line for line, row in rows.items() if row["metric"].startswith("attacks") and row["start"] >= "2022"]
    assert len(counts) > 40
    assert uncited(case, "isis_activity", counts) == []


def test_what_is_not_fitted_says_why(case):
    rows = [row for row in case.observations.rows if not row.weighs]
    assert rows
    assert [row.line for row in rows if not row.note] == []


def test_nothing_is_later_than_the_evidence(case):
    assert max(row.end for row in case.observations.rows) <= case.evidence_until
    for row in case.observations.rows:
        for file, line in cited(row):
            given = evidence(case, file.removeprefix("evidence/").removesuffix(".csv"))[line]
            assert (given.get("date") or given["start"]) <= "2024-08-22", row.line


def test_the_published_totals_stand_as_they_were_printed(case):
    rows = evidence(case, "attacks_cumulative")
    for line, observed in by_line(case, "attacks_cumulative").items():
        for row in observed:
            if row.value and row.start < row.end and len(cited(row)) == 1:
                column = row.signal.removeprefix("attacks.")
                printed = rows[line]["total" if column == "*" else column]
                assert row.value == int(printed), row.line


# ---- The counts of `main` go together ---------------------------------------------------------------------------


def fitted(case, signal, *, counter="pentagon"):
    return [
        row
        for row in case.observations.rows_of("main")
        if row.use == "likelihood" and row.signal == signal and row.counter == counter
    ]


def test_the_days_after_the_counter_stopped_are_covered_once(case):
    for place, events in (("iraq", 4), ("syria", 4)):
        rows = [r for r in fitted(case, f"attacks.{place}") if r.start > dt.date(2024, 2, 4) and r.confidence != "low"]
        rows.sort(key=lambda row: row.start)
        assert sum(row.value for row in rows) == events
        assert rows[0].start == dt.date(2024, 2, 5)
        assert rows[-1].end == LAST_DAY
        for before, after in itertools.pairwise(rows):
            assert after.start == before.end + dt.timedelta(days=1), after.line


@pytest.mark.parametrize("signal", ["acts", "reprisals_iraq", "fatal.jordan", "attacks.jordan"])
def test_quiet_days_are_given_as_well_as_those_with_an_event(case, signal):
    rows = [row for row in case.observations.rows_of("main") if row.signal == signal and row.weighs]
    rows.sort(key=lambda row: row.start)
    first = dt.date(2023, 10, 17) if signal == "attacks.jordan" else FIRST_DAY
    assert (rows[0].start, rows[-1].end) == (first, LAST_DAY)
    for before, after in itertools.pairwise(rows):
        assert after.start == before.end + dt.timedelta(days=1), after.line
    assert sum(row.value for row in rows) == {"acts": 7, "reprisals_iraq": 10}.get(signal, 1)


def test_totals_and_their_parts_agree_where_all_are_exact(case):
    totals = {
        row.end: row.value for row in fitted(case, "attacks.*") if row.qualifier == "exact" and row.confidence == "high"
    }
    parts = {}
    for place in ("iraq", "syria"):
        for row in fitted(case, f"attacks.{place}"):
            if row.start == dt.date(2023, 10, 17) and row.qualifier == "exact" and row.confidence == "high":
                parts.setdefault(row.end, []).append(row.value)
    both = {day: sum(values) for day, values in parts.items() if len(values) == 2}
    assert len(both) >= 7
    assert both == {day: totals[day] for day in both}


def test_the_states_of_gaza_are_those_of_the_hindcast(case):
    rows = sorted((r for r in case.observations.rows_of("main") if r.signal == "gaza"), key=lambda row: row.start)
    assert (rows[0].start, rows[-1].end) == (FIRST_DAY, LAST_DAY)
    by_step = [row.state for row in rows for _ in range(((row.end - row.start).days + 1) // 7)]
    assert all((row.start - FIRST_DAY).days % 7 == 0 for row in rows)
    assert len(by_step) == 46
    points = hudna.load("hindcast-2023").file.assumptions["gaza"].states
    assert points
    for t, state in enumerate(by_step):
        begin = FIRST_DAY + dt.timedelta(weeks=t)
        assert state == [name for day, name in points if day <= begin][-1], begin


# ---- A row feeds a prior or the likelihood, never both ----------------------------------------------------------


def test_no_prior_was_computed_from_a_row_that_is_fitted(case):
    for name, record in case.observations.records.items():
        parameters = {**case.parameters, **record.parameters}
        rows = [row for row in case.observations.rows_of(name) if row.use == "likelihood"]
        files = {file for row in rows for file, _ in cited(row)}
        assert files
        for parameter, own in parameters.items():
            for file in set(files_of(own)) & files if own.status == "evidence" else ():
                first, last = own.rows
                twice = [
                    r.line for r in rows if file in {f for f, _ in cited(r)} and r.start <= last and r.end >= first
                ]
                assert not twice, (name, parameter)


def test_what_was_computed_says_from_which_days_and_they_are_before_the_record(case):
    computed = {name: p for name, p in case.parameters.items() if p.rows is not None or p.status == "evidence"}
    assert len(computed) > 10
    for name, parameter in computed.items():
        assert parameter.rows is not None, name
        # ISIS is counted by the year; of 2023 nothing is fitted.
        last = dt.date(2023, 12, 31) if name.startswith("isis_rate") else FIRST_DAY - dt.timedelta(days=1)
        assert parameter.rows[1] <= last, name


# ---- Priors follow the rows they name ---------------------------------------------------------------------------


def truces(case):
    """Return the truces of at least four weeks that began before October 2023, cut off at the record's start."""
    rows = [row for row in evidence(case, "truce").values() if row["end"] and row["start"] < "2023-10-05"]
    rows = [{**row, "end": min(row["end"], "2023-10-05")} for row in rows]
    return [row for row in rows if days(row) >= 28]


def test_how_soon_truces_fray(case):
    found = truces(case)
    frayed = [row for row in found if row["end_type"] != "external shock"]
    at_risk = sum(days(row) for row in found) / 7
    gamma = prior(case, "truce_frays")
    assert gamma.shape == len(frayed) + 0.5
    assert gamma.rate == pytest.approx(at_risk, abs=0.1)


def test_how_soon_harassment_stops(case):
    found = truces(case)
    ends = ["2019-10-28", *(row["end"] for row in found)]
    at_risk = sum(
        (dt.date.fromisoformat(row["start"]) - dt.date.fromisoformat(end)).days
        for end, row in zip(ends, found, strict=False)
    )
    gamma = prior(case, "harassment_stops")
    assert gamma.shape == len(found) + 0.5
    assert gamma.rate == pytest.approx(at_risk / 7, abs=0.1)


@pytest.mark.parametrize("state", ["truce", "harassment"])
def test_the_rates_of_a_quiet_gaza_are_those_that_were_counted(case, state):
    """What a war does to them is an effect with a middle of 0, which does nothing where Gaza is quiet."""
    transitions = case.nodes["posture"].transitions
    way, effect = {
        "truce": ("truce -> harassment", "ceasefire_frays"),
        "harassment": ("harassment -> truce", "ceasefire_stops"),
    }[state]
    assert transitions[way].effects["gaza.ceasefire"].coefficient == effect
    assert transitions[way].effects["gaza.ceasefire"].relative_to == 1.0
    assert prior(case, effect).mean == 0.0


def test_how_often_a_campaign_opens_without_a_shock(case):
    """No entry in all weeks of truce and harassment: Jeffreys."""
    at_risk = (dt.date(2023, 10, 5) - dt.date(2019, 10, 28)).days / 7
    gamma = prior(case, "campaign_opens")
    assert (gamma.shape, gamma.rate) == (0.5, pytest.approx(at_risk, abs=0.2))


def rounds(case):
    return [row for row in evidence(case, "gaza_rounds").values() if row["start"] < "2023-10-05"]


def test_how_soon_a_ceasefire_in_gaza_breaks(case):
    first, *later = rounds(case)
    quiet = (dt.date(2023, 10, 5) - dt.date.fromisoformat(first["end"])).days - sum(int(row["days"]) for row in later)
    gamma = prior(case, "gaza_ceasefire_breaks")
    assert gamma.shape == len(later) + 0.5
    assert gamma.rate == pytest.approx(quiet / 7, abs=0.2)
    for row in (first, *later):  # both ends of a round are days of it; sources differ by one
        assert abs(int(row["days"]) - days(row) - 1) <= 1, row["start"]


def test_how_often_a_campaign_follows_an_outbreak(case):
    """Every round that found a mission counts once: the earlier in the prior, that of October 2023 in the record."""
    counted = [row for row in rounds(case) if row["mission_in_iraq"] == "yes"]
    followed = sum(int(row["campaign_within_six_weeks"]) for row in counted)
    beta = prior(case, "campaign_follows_outbreak")
    assert (beta.a, beta.b) == (followed + 0.5, len(counted) - followed + 0.5)
    entered = [row for row in case.observations.rows_of("main") if row.signal == "gaza" and row.state == "outbreak"]
    assert len({row.start for row in entered}) == 2  # one outbreak, first known and then weighed
    assert entered[1].start == entered[0].end + dt.timedelta(days=1)


def test_the_trend_of_isis_is_half_of_the_fall_that_was_known(case):
    yearly = {
        row["start"][:4]: int(row["value"])
        for row in evidence(case, "isis_activity").values()
        if row["start"].endswith("01-01") and row["end"].endswith("12-31") and row["counter"].startswith("Musings")
    }
    fall = math.log(yearly["2023"] / yearly["2022"])
    assert prior(case, "isis_yearly_trend").mean == pytest.approx(fall / 2, abs=0.01)


def test_attacks_in_a_truce(case):
    rows = evidence(case, "rocket_attacks_2019_2022")
    seven = int(rows[35]["count"])
    official = weeks(rows[35]["start"], "2023-10-04")
    calm = official + weeks(rows[17]["start"], rows[17]["end"]) + weeks(rows[24]["start"], rows[24]["end"])
    low, high = seven / calm, seven / official
    assert prior(case, "attacks_in_truce").p5 == pytest.approx(low / 2, abs=0.006)
    assert prior(case, "attacks_in_truce").p95 == pytest.approx(2 * high, abs=0.03)


def test_attacks_in_harassment(case):
    rows = evidence(case, "rocket_attacks_2019_2022")
    rates = [int(rows[line]["count"]) / weeks(rows[line]["start"], rows[line]["end"]) for line in (7, 9)]
    first, last = rows[34]["start"], rows[34]["end"]
    held = [max(0, days({"start": max(t["start"], first), "end": min(t["end"], last)})) / 7 for t in truces(case)]
    outside = weeks(first, last) - sum(held)
    rates.append((int(rows[34]["count"]) - sum(held) * 0.13) / outside)
    middle = math.prod(rates) ** (1 / 3)
    low, high = prior(case, "attacks_in_harassment").p5, prior(case, "attacks_in_harassment").p95
    assert low == pytest.approx(middle / 2, abs=0.02)
    assert high == pytest.approx(middle * 2, abs=0.05)


def test_what_kills_and_what_is_answered(case):
    rows = evidence(case, "rocket_attacks_2019_2022")
    official = rows[34]
    attacks = int(official["count"])
    deaths = [row for row in rows.values() if "killed" in row["killed_note"]]
    assert [row["start"] for row in deaths] == ["2019-12-27", "2020-03-11", "2021-02-15", "2023-03-23"]
    inside = [row for row in deaths if official["start"] <= row["start"] <= official["end"]]
    assert (prior(case, "p_fatal").a, prior(case, "p_fatal").b) == (len(inside) + 0.5, attacks - len(inside) + 0.5)
    answered = prior(case, "p_reprisal_death")
    assert (answered.a, answered.b) == (len(deaths) + 0.5, 0.5)
    as_such = 4 - len(inside) - 1  # four operations, two after a death, one after wounded
    assert "Four US operations" in official["note"]
    whatever = prior(case, "p_reprisal_any")
    assert (whatever.a, whatever.b) == (as_such + 0.5, attacks - as_such + 0.5)
    wounded = prior(case, "p_wounded")
    assert wounded.a + wounded.b == attacks + int(rows[10]["count"]) + 1


def test_isis_by_province(case):
    rows = [r for r in evidence(case, "isis_activity").values() if r["metric"] == "attacks"]
    sample = [row for row in rows if row["start"] in SAMPLES and row["province"] != "all"]
    by_province = {p: sum(int(row["value"]) for row in sample if row["province"] == p) for p in PROVINCES}
    five, every = sum(by_province.values()), sum(int(row["value"]) for row in sample)
    assert (five, every) == (83, 100)
    assert case.observations.counters["lister_iraq"].ratio == pytest.approx(every / five, abs=0.006)
    lister = next(int(r["value"]) for r in rows if r["counter"].startswith("Lister") and r["start"] == "2023-01-01")
    level = lister / (365 / 7) * five / every
    for province, count in by_province.items():
        name = "isis_rate_" + province.lower().replace(" ", "_").replace("-", "_")
        assert prior(case, name).median == pytest.approx(level * (count + 0.5) / (five + 2.5), abs=1e-3), name
