"""Why the policies differ: parts that add up exactly, influences switched off, shares of a difference."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from math import factorial

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from scipy import special

import hudna
from hudna.analysis.shapley import coalitions, shapley_values
from hudna.ask.start import Options, begin
from hudna.case.signals import resolve
from hudna.cli import main
from hudna.engine import compile_scenario, contributions
from hudna.engine.ensemble import Ensemble
from hudna.engine.removal import without
from hudna.errors import InputError
from hudna.scenario.influence import influence

from .case_strategies import seeds, written_cases

SMALL = {"draws": 4, "paths": 5, "seed": 3}


def scores(ready, level: str) -> np.ndarray:
    """Return a level's own log odds, as the engine holds them: (policy, draw, path, step)."""
    found = []
    for policy in ready.program.policies:
        program = compile_scenario(ready.question, policies=(policy,))
        sizes = ready.options
        engine = "vm" if sizes.engine == "auto" else sizes.engine
        theta, states = ready.origin.theta, ready.origin.states
        ensemble = Ensemble(program, theta, paths=sizes.paths, seed=sizes.seed, engine=engine, states=states)
        steps = []
        for _ in range(program.n_steps):
            ensemble.advance()
            steps.append(ensemble.score(program.levels.name.index(level)).copy())
        found.append(np.stack(steps, axis=-1))
    return np.stack(found)


def in_steps_of(name: str, days: int):
    return hudna.load(name).with_(step_days=days)


def off(question, level: str, **options) -> float:
    """Return how far the parts of a level are from adding up to it, at most, in any step of any path."""
    found = hudna.attribute(question, level, keep=10**6, **options)
    z = scores(begin(hudna.load(question), Options.of("run", options)), level)
    return float(np.max(np.abs(found.paths.sum("part").to_numpy() - z) / np.maximum(1.0, np.abs(z))))


# ---- The parts of a level ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["vm", "oracle"])
@pytest.mark.parametrize(("name", "level"), [("two-militias", "pressure"), ("two-militias", "anger.SOUTH"),
                                              ("toy-truce", "pressure")])  # fmt: skip
def test_the_parts_add_up_on_every_step(name, level, engine):
    assert off(name, level, engine=engine, **SMALL) < 1e-12


@pytest.mark.parametrize("step_days", [1, 28])
@pytest.mark.parametrize("engine", ["vm", "oracle"])
def test_counts_of_steps_that_are_no_weeks_have_their_own_parts(step_days, engine):
    question = in_steps_of("two-militias", step_days)
    assert off(question, "pressure", engine=engine, **SMALL) < 1e-12
    parts = hudna.attribute(question, "anger.NORTH", **SMALL).parts
    assert [part.source for part in parts if part.kind == "effect"] == ["presence", "strikes"]


def test_the_parts_add_up_in_a_run_that_starts_from_the_state_of_the_world():
    options = {"draws": 3, "paths": 4, "seed": 3, "policies": ["withdrawal"]}
    assert off("iraq-2024", "pressure", **options) < 1e-12


@settings(max_examples=12, deadline=None, phases=[Phase.generate], derandomize=True,
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])  # fmt: skip
@given(case=written_cases(), seed=seeds)
def test_the_parts_add_up_in_random_cases(write_case, case, seed):
    question = hudna.load(write_case(**case))
    levels = [name for name, node in question.nodes.items() if node.kind == "level"]
    for level in levels[:2]:
        assert off(question, level, draws=2, paths=2, seed=seed, engine="oracle") < 1e-12


@pytest.mark.parametrize("bug", ["memory", "step before", "chance"])
def test_a_mistake_in_the_parts_would_be_seen(monkeypatch, bug):
    if bug == "memory":
        right = contributions._remembered
        monkeypatch.setattr(contributions, "_remembered", lambda pushes, memory: right(pushes, 0.99 * memory))
    elif bug == "step before":
        right = contributions._term

        def now(program, j, *more):
            couplings = replace(program.couplings, now=np.ones_like(program.couplings.now))
            return right(replace(program, couplings=couplings), j, *more)

        monkeypatch.setattr(contributions, "_term", now)
    else:
        monkeypatch.setattr(contributions, "_shocks", lambda block, level, values, memory: np.zeros(
            (block.shape.n_draws, block.shape.n_paths, block.task.program.n_steps)))  # fmt: skip
    assert off("two-militias", "pressure", **SMALL) > 1e-6


TWO_TIES = {
    "drivers": """
[near]
kind = "level"
name = "Near"
actor = "A"
toward = "exit"
start = 0.5
base = 0
half_life = 0
sd = 0
[far]
kind = "level"
name = "Far"
actor = "B"
toward = "stay"
start = 0.8
base = 1.5
half_life = 0
sd = 0
[push]
kind = "schedule"
name = "Push"
unit = "1"
start = 2
interpolation = "step"
[felt]
kind = "level"
name = "Felt"
actor = "C"
toward = "exit"
start = 0.6
base = -0.3
effects = { push = { coefficient = 0.25, relative_to = 1 } }
half_life = 2
sd = 0
""",
    "actors": "".join(f'[{x}]\nname = "{x}"\nkind = "state"\nsource = "invented"\n' for x in "ABC"),
    "ties": "".join(
        f'[[tie]]\nsource = "{x}"\ntarget = "C"\nkind = "presses"\nchannel = "{channel}"\ntoward = "{toward}"\n'
        f'weight = {weight}\nfact = "invented"\nreference = "invented"\n'
        for x, channel, toward, weight in (("A", "political", "exit", 2), ("B", "security", "stay", 1))
    ),
    "about": 'channels = { political = "p", security = "s" }\n',
    "parameters": "".join(
        f'[{x}]\nunit = "log odds"\nprior = {{ family = "fixed", value = {value} }}\nstatus = "judgement"\n'
        'source = "invented"\nnote = "for a test"\n'
        for x, value in (("p", 0.4), ("s", 0.7))
    ),
}
LAST = '[outcomes.felt]\nname = "Felt"\nsignal = "felt"\nreduce = "last"\n'


def test_each_part_is_what_it_is_by_hand(write_case):
    found = hudna.attribute(write_case(**TWO_TIES, outcomes=LAST, weeks=6), "C", draws=1, paths=1, keep=1)
    parts = found.paths.isel(policy=0, draw=0, path=0)
    m = 2**-0.5
    grown = 1 - m ** np.arange(1, 7)  # of a push that stays, from the first step on
    far = special.expit(1.5)
    # Ties read the step before: A stood at 0.5 before the first step and stays there, B at 0.8 and then at far.
    from_b = np.empty(6)
    left = 0.0
    for t in range(6):
        left = m * left + (1 - m) * -0.7 * (0.8 if t == 0 else far)
        from_b[t] = left
    exact = {
        "A -> C (presses)": 2 * 0.4 * 0.5 * grown,
        "B -> C (presses)": from_b,
        "push": 0.25 * (2 - 1) * grown,
        "base": -0.3 * grown,
        "start": special.logit(0.6) * m ** np.arange(1, 7),
        "chance": np.zeros(6),
    }
    assert set(exact) == set(parts["part"].to_numpy())
    for key, by_hand in exact.items():
        np.testing.assert_allclose(parts.sel(part=key), by_hand, rtol=0, atol=1e-14, err_msg=key)
    kinds = {part.key: (part.kind, part.source, part.channel, part.toward) for part in found.parts}
    assert kinds["B -> C (presses)"] == ("tie", "B", "security", "stay")
    assert kinds["push"] == ("effect", "push", "", "")


def test_groups_are_sums_of_their_parts_and_differences_of_their_policies():
    found = hudna.attribute("two-militias", "GOV", window=(4, 30), **SMALL)
    parts = found.table("part")["mean"]
    for policy in ("stay", "leave"):
        ties = [key for key in parts[policy].index if "->" in key]
        political = found.table("channel").loc[(policy, "political"), "mean"]
        assert political == pytest.approx(parts[policy][ties].sum(), abs=1e-14)
        assert found.table("direction").loc[(policy, "exit"), "mean"] == pytest.approx(political, abs=1e-14)
        assert parts[policy]["total"] == pytest.approx(parts[policy].drop("total").sum(), abs=1e-14)
    apart = found.contrast("leave", "stay")["mean"]
    np.testing.assert_allclose(apart, parts["leave"][apart.index] - parts["stay"][apart.index], atol=1e-14)
    assert not {"base", "start", "chance"} & set(apart.index)
    over = found.over_time("source")["mean"].unstack("time")
    total = over.xs("total", level="part")
    np.testing.assert_allclose(
        over.drop("total", level="part").groupby("policy").sum().loc[total.index], total, atol=1e-14
    )
    steps = found.dates[4:30]
    assert over.loc[("stay", "total"), steps].mean() == pytest.approx(parts["stay"]["total"], abs=1e-13)


def test_the_total_is_the_level_of_the_run():
    found = hudna.attribute("two-militias", "pressure", keep=5, **SMALL)
    run = hudna.run("two-militias", trajectories="all", **SMALL).trajectories["pressure"]
    np.testing.assert_allclose(special.expit(found.paths.sum("part")), run.to_numpy(), rtol=1e-12)


def test_blocks_and_threads_move_no_part(monkeypatch):
    whole = hudna.attribute("two-militias", "pressure", keep=2, draws=3, paths=300, seed=1, threads=1)
    monkeypatch.setattr(contributions, "_BLOCK", 256)
    parts = hudna.attribute("two-militias", "pressure", keep=2, draws=3, paths=300, seed=1, threads=2)
    np.testing.assert_array_equal(whole.window_means, parts.window_means)
    np.testing.assert_array_equal(whole.paths, parts.paths)
    np.testing.assert_allclose(whole.means, parts.means, atol=1e-13)


@pytest.mark.parametrize(("arguments", "text"), [
    (("pressur", {}), "did you mean 'pressure'"),
    (("attacks.NORTH", {}), "must be a level or an actor"),
    (("pressure", {"window": (3, 3)}), "must be (from, to) in weeks"),
    (("pressure", {"window": (0, 53)}), "within 0 to 52"),
    (("pressure", {"window": (0.5, 3)}), "on steps of 7 days"),
    (("pressure", {"window": "all"}), "must be (from, to)"),
    (("pressure", {"keep": -1}), "whole number of paths"),
    (("pressure", {"policies": ["stays"]}), "did you mean 'stay'"),
])  # fmt: skip
def test_a_wrong_question_about_parts_is_one_clear_error(arguments, text):
    level, options = arguments
    with pytest.raises(InputError) as error:
        hudna.attribute("two-militias", level, **{**SMALL, **options})
    assert text in str(error.value)


def test_parts_that_do_not_fit_are_refused_before_anything_is_simulated(monkeypatch):
    monkeypatch.setattr("hudna.engine.memory.available", lambda: 10_000)
    with pytest.raises(InputError, match="of memory"):
        hudna.attribute("two-militias", "pressure", **SMALL)


def test_an_unknown_group_or_policy_is_named():
    found = hudna.attribute("two-militias", "pressure", **SMALL)
    with pytest.raises(InputError, match="did you mean 'source'"):
        found.table("sources")
    with pytest.raises(InputError, match="did you mean 'leave'"):
        found.contrast("leaves", "stay")


# ---- Influences switched off ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def militias(tmp_path_factory):
    """Two-militias as text, to be changed."""
    folder = tmp_path_factory.mktemp("militias")
    assert main(["copy", "two-militias", str(folder / "mine")]) == 0
    return folder / "mine"


def changed(militias, tmp_path, file: str, old: str, new: str):
    """Return a copy of the scenario whose case has another line."""
    import shutil

    target = tmp_path / "mine"
    shutil.copytree(militias, target)
    path = target / "params" / "two-militias" / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    return target / "scenarios" / "two-militias.toml"


@pytest.mark.parametrize(("what", "file", "old", "new"), [
    ("NORTH -> GOV (pressures)", "ties.toml", 'weight = 2', 'weight = 0'),
    ("strikes", "drivers.toml", 'effects = { strikes = "strike_breaks_truce" }', "effects = {}"),
    ("attacks.*", "drivers.toml", 'effects = { "attacks.*" = 0.05 }', "effects = {}"),
])  # fmt: skip
def test_without_it_is_the_case_that_does_not_have_it(militias, tmp_path, what, file, old, new):
    if what == "strikes":  # its other reader goes too
        path = changed(militias, tmp_path, file, old, new)
        drivers = path.parents[1] / "params" / "two-militias" / file
        text = drivers.read_text(encoding="utf-8")
        drivers.write_text(text.replace(', strikes = "strike_angers" }', " }"), encoding="utf-8")
    else:
        path = changed(militias, tmp_path, file, old, new)
    options = {"draws": 6, "paths": 8, "seed": 4}
    removed = hudna.remove("two-militias", what, belief="prior", **options).without[what]
    written = hudna.run(path, belief="prior", **options)
    for outcome in written.outcome_names:
        np.testing.assert_array_equal(removed.outcomes[outcome], written.outcomes[outcome], err_msg=outcome)
    whole = hudna.run("two-militias", belief="prior", **options)
    assert any((whole.outcomes[name] != removed.outcomes[name]).any() for name in whole.outcome_names)


@pytest.mark.parametrize("engine", ["vm", "oracle"])
def test_without_an_entry_nothing_follows_it(militias, tmp_path, engine):
    """A chance that is switched off is one of 0."""
    old, alarm = '[truce.transitions."holds -> broken"]\n', (
        '[alarm]\nkind = "regime"\nname = "Alarm"\nstart = "off"\n'
        'states = { off = { name = "off", value = 0 }, ring = { name = "ring", value = 1 } }\n'
        'transitions = { "off -> ring" = { rate = 0.2 }, "ring -> off" = { rate = 0.5 } }\n'
    )  # fmt: skip
    options = {"draws": 4, "paths": 30, "seed": 4, "engine": engine}
    paths = {
        p: changed(militias, tmp_path / str(p), "drivers.toml", old, f'{alarm}{old}on = {{ "alarm.ring" = {p} }}\n')
        for p in (0.8, 0)
    }
    removed = hudna.remove(paths[0.8], "alarm.ring", belief="prior", **options)
    written = hudna.run(paths[0], belief="prior", **options)
    for outcome in written.outcome_names:
        found = removed.without["alarm.ring"].outcomes[outcome]
        np.testing.assert_array_equal(found, written.outcomes[outcome], err_msg=outcome)
    assert any((removed.whole.outcomes[name] != written.outcomes[name]).any() for name in written.outcome_names)


def test_an_actors_removal_is_that_of_all_its_ties():
    found = hudna.remove("two-militias", ["NORTH", "NORTH -> GOV (pressures) + NORTH -> SOUTH (allies)"], **SMALL)
    one, other = found.without.values()
    assert one.outcomes.equals(other.outcomes)
    assert not one.outcomes.equals(found.whole.outcomes)


def test_what_it_does_not_reach_does_not_move():
    table = hudna.remove("two-militias", "NORTH", **SMALL).table()
    for policy in ("stay", "leave"):
        row = table.loc[("NORTH", policy, "attacks")]
        assert (row["effect"], row["mcse"], row["moved"]) == (0, 0, 0)
        assert table.loc[("NORTH", policy, "pressure"), "moved"] == 1
    whole = hudna.run("two-militias", **SMALL)
    np.testing.assert_allclose(
        table["with"].unstack("outcome")["pressure"]["NORTH"].loc[["stay", "leave"]],
        whole.table()["mean"].unstack("outcome")["pressure"].loc[["stay", "leave"]],
    )  # fmt: skip


def test_the_effect_on_a_difference_is_the_difference_of_effects():
    found = hudna.remove("two-militias", ["NORTH", "presence"], **SMALL)
    table, apart = found.table()["effect"], found.contrast("leave", "stay")["effect"]
    for key, outcome in itertools.product(("NORTH", "presence"), found.whole.outcome_names):
        exact = table[key, "leave", outcome] - table[key, "stay", outcome]
        assert apart[key, outcome] == pytest.approx(exact, abs=1e-12)


def test_a_program_without_an_influence_has_the_same_shape_and_numbers():
    question = hudna.load("iraq-2024")
    program = compile_scenario(question)
    found = influence(question.case, "gaza")
    changed = without(program, found)
    assert changed.streams == program.streams
    assert changed.values.constant.size == program.values.constant.size + 1
    moved = np.flatnonzero(changed.couplings.value != program.couplings.value)
    signals = {program.signals[program.couplings.signal[j]] for j in moved}
    assert signals == {"gaza.ceasefire", "gaza.pause", "gaza.outbreak", "gaza.regional", "gaza.direct"}
    chances = program.regimes.chance_value != changed.regimes.chance_value
    assert chances.all()
    assert np.all(changed.values.constant[changed.regimes.chance_value] == 0)
    assert np.all(changed.values.constant[changed.couplings.value[moved]] == 0)


@pytest.mark.parametrize("step_days", [1, 7, 28])
def test_a_count_is_switched_off_whatever_the_length_of_a_step(step_days):
    question = in_steps_of("two-militias", step_days)
    program = compile_scenario(question)
    changed = without(program, influence(question.case, "strikes"))
    moved = changed.couplings.value != program.couplings.value
    assert moved.sum() == 3  # the truce, and the anger of both
    assert set(program.looked_at()[changed.couplings.signal[moved]]) == {program.signal_index()["strikes"]}


@pytest.mark.parametrize(("what", "text"), [
    ("NORT", "did you mean 'NORTH'"),
    ("NORTH -> GOV (presses)", "did you mean 'NORTH -> GOV (pressures)'"),
    ("truce", "hold it with [assumptions]"),
    ("GOV", "nothing to switch off"),
    ("tie:NORTH", "no such tie"),
    ("", "names nothing"),
    ("NORTH + ", "names nothing"),
    ("NORTH +", "names nothing"),
    ([], "at least one"),
    (["NORTH", "NORTH"], "twice"),
])  # fmt: skip
def test_what_cannot_be_switched_off_is_said(what, text):
    with pytest.raises(InputError) as error:
        hudna.remove("two-militias", what, **SMALL)
    assert text in str(error.value)


@pytest.mark.parametrize("engine", ["vm", "oracle"])
@pytest.mark.parametrize(("what", "file", "old", "new"), [
    ("attacks.SOUTH", "drivers.toml", 'rate = "attack_rate_south"', "rate = 0"),
    ("attacks.*", "drivers.toml", 'rate = "attack_rate"\n', "rate = 0\n"),
    ("strikes", "drivers.toml", 'probability = "strike_probability"', "probability = 0"),
    ("NORTH -> GOV (pressures)", "ties.toml", "weight = 2", "weight = 0"),
])  # fmt: skip
def test_silenced_it_is_the_case_in_which_it_never_happens(militias, tmp_path, what, file, old, new, engine):
    path = changed(militias, tmp_path, file, old, new)
    if what == "attacks.*":
        drivers = path.parents[1] / "params" / "two-militias" / file
        text = drivers.read_text(encoding="utf-8").replace('rate = "attack_rate_south"', "rate = 0")
        drivers.write_text(text, encoding="utf-8")
    options = {"draws": 4, "paths": 6, "seed": 4, "belief": "prior", "engine": engine}
    found = hudna.remove("two-militias", what, silence=True, **options)
    silenced, written = found.without[what], hudna.run(path, **options)
    for outcome in written.outcome_names:
        np.testing.assert_array_equal(silenced.outcomes[outcome], written.outcomes[outcome], err_msg=outcome)
    assert any((found.whole.outcomes[name] != silenced.outcomes[name]).any() for name in written.outcome_names)


ABSENT = {
    **TWO_TIES,
    "drivers": TWO_TIES["drivers"]
    + """
[raids]
kind = "events"
name = "Raids"
unit = "raids"
start = 6
rate = 2
exposure = { near = 0.5, push = 1 }
effects = { near = 1, far = -0.5 }
branching = 0.6
half_life = 3
""",
}
FELT = LAST + '[outcomes.raids]\nname = "Raids"\nsignal = "raids"\nreduce = "sum"\n'
NEAR = LAST.replace("felt", "near") + FELT


@pytest.mark.parametrize("engine", ["vm", "oracle"])
def test_an_actor_that_is_silenced_is_the_case_without_its_level(write_case, tmp_path, engine):
    path = write_case(**ABSENT, outcomes=NEAR, weeks=8)
    options = {"draws": 2, "paths": 20, "seed": 1, "engine": engine}
    found = hudna.remove(path, "A", silence=True, **options)
    table = found.table().xs("A")
    assert np.isnan(table.xs("near", level="outcome")[["without", "effect", "moved"]]).all(axis=None)
    drivers = path.parents[1] / "params" / "made-up" / "drivers.toml"
    text = drivers.read_text(encoding="utf-8").replace("near = 0.5, ", "").replace("near = 1, ", "")
    drivers.write_text(text, encoding="utf-8")
    ties = drivers.with_name("ties.toml")
    ties.write_text(ties.read_text(encoding="utf-8").replace("weight = 2", "weight = 0"), encoding="utf-8")
    written = hudna.run(path, **options)
    for outcome in ("felt", "raids"):
        np.testing.assert_array_equal(found.without["A"].outcomes[outcome], written.outcomes[outcome], err_msg=outcome)
        assert (found.whole.outcomes[outcome] != written.outcomes[outcome]).any()


@pytest.mark.parametrize("engine", ["vm", "oracle"])
def test_events_that_are_silenced_never_happen_whatever_the_past_excites(write_case, engine):
    path = write_case(**ABSENT, outcomes=FELT, weeks=8)
    found = hudna.remove(path, "raids", silence=True, draws=2, paths=20, seed=1, engine=engine)
    assert (found.without["raids"].outcomes["raids"] == 0).all()
    assert (found.whole.outcomes["raids"] > 0).all()


@pytest.mark.parametrize(("what", "text"), [
    ("truce", "is a regime: it is always in one of its states; hold it with [assumptions]"),
    ("truce.broken", "'truce' is a regime"),
    ("presence", "is a schedule: it is what is decided; hold it with [assumptions]"),
    ("attacks.NORTH.threat", "a part of 'attacks.NORTH', which can be silenced only as a whole"),
    ("NORT", "did you mean 'NORTH'"),
])  # fmt: skip
def test_what_cannot_be_silenced_is_said(what, text):
    with pytest.raises(InputError) as error:
        hudna.remove("two-militias", what, silence=True, **SMALL)
    assert text in str(error.value)


def routes(asked: str, *, silence: bool = False) -> set[str]:
    question = hudna.load("two-militias")
    found = influence(question.case, asked, silence=silence)
    return {name for name, one in question.file.outcomes.items()
            if not found.reached.isdisjoint(resolve(one.signal[0], question.case.signals))}  # fmt: skip


def test_routes_are_those_of_the_model():
    every = {"attacks", "any_attack_4w", "truce_breaks", "pressure"}
    assert routes("NORTH") == {"pressure"}
    assert routes("attacks.NORTH") == {"pressure"}  # strikes are made with attacks, which nothing takes away
    assert routes("attacks.NORTH", silence=True) == every
    assert routes("strikes") == every
    assert routes("anger.SOUTH", silence=True) == {"pressure"}


@settings(max_examples=3, deadline=None, phases=[Phase.generate], derandomize=True,
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])  # fmt: skip
@given(case=written_cases(), seed=seeds)
def test_where_no_route_leads_nothing_moves_in_random_cases(write_case, case, seed):
    question = hudna.load(write_case(**case))
    for silence in (False, True):
        asked = [name for name in question.nodes
                 if not isinstance(influence(question.case, f"driver:{name}", silence=silence), str)]  # fmt: skip
        if asked:
            asked = [f"driver:{name}" for name in asked]
            table = hudna.remove(question, asked, silence=silence, draws=2, paths=4, seed=seed, engine="oracle").table()
            assert (table.loc[~table["reached"].astype(bool), "moved"].fillna(0) == 0).all()


def test_a_route_that_is_overlooked_would_be_seen(monkeypatch):
    from hudna.scenario import influence as module

    right = module.readings
    monkeypatch.setattr(module, "readings", lambda case: [one for one in right(case) if one.moves])
    table = hudna.remove("two-militias", "strikes", draws=6, paths=40, seed=3).table()
    assert (table.loc[~table["reached"].astype(bool), "moved"] > 0).any()


def test_a_name_that_is_two_things_is_asked_about(write_case):
    case = dict(TWO_TIES, drivers=TWO_TIES["drivers"].replace("[near]", "[A]"))
    path = write_case(**case, outcomes=LAST)
    with pytest.raises(InputError, match="actor and driver; write actor:A or driver:A"):
        hudna.remove(path, "A")
    assert hudna.remove(path, "actor:A").without


def test_every_wrong_name_is_in_the_error():
    with pytest.raises(InputError) as error:
        hudna.remove("two-militias", ["NORT", "nobody"], **SMALL)
    assert len(error.value.problems) == 2


# ---- Shares of a difference -------------------------------------------------------------------------------------


def by_orders(factors, value):
    """Return Shapley values by walking through every order in which the factors can come in."""
    found = dict.fromkeys(factors, 0.0)
    for order in itertools.permutations(factors):
        there = frozenset()
        for factor in order:
            found[factor] += (value[there | {factor}] - value[there]) / factorial(len(factors))
            there |= {factor}
    return found


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_shares_are_means_over_all_orders(n):
    random = np.random.default_rng(n)
    factors = tuple("abcde"[:n])
    value = {s: random.normal(size=(2, 3)) for s in coalitions(factors)}
    assert len(value) == 2**n
    found, slow = shapley_values(factors, value), by_orders(factors, value)
    for factor in factors:
        np.testing.assert_allclose(found[factor], slow[factor], atol=1e-12)
    np.testing.assert_allclose(sum(found.values()), value[frozenset(factors)] - value[frozenset()], atol=1e-12)


def test_a_wrong_weight_would_be_seen():
    value = {s: np.array(float(len(s) ** 2 + ("a" in s))) for s in coalitions(("a", "b", "c"))}
    alone = {factor: value[frozenset(factor)] - value[frozenset()] for factor in "abc"}  # the first order only
    slow = by_orders(("a", "b", "c"), value)
    assert any(abs(alone[factor] - slow[factor]) > 0.5 for factor in "abc")


def test_shares_of_a_run_add_up_on_every_path_and_one_that_does_nothing_has_none():
    factors = {"north": "NORTH", "anger": "strikes + presence", "nothing": "SOUTH -> GOV (pressures)"}
    found = hudna.shapley("two-militias", "attacks", "leave", "stay", factors=factors, **SMALL)
    shares = shapley_values(tuple(factors), found.values)
    whole, rest = found.values[frozenset(factors)], found.values[frozenset()]
    np.testing.assert_allclose(sum(shares.values()), whole - rest, atol=1e-12)
    np.testing.assert_array_equal(shares["nothing"], 0)  # no tie reaches the attacks
    run = hudna.run("two-militias", **SMALL).outcomes["attacks"]
    np.testing.assert_array_equal(whole, run.sel(policy="leave") - run.sel(policy="stay"))
    table = found.table()
    assert list(table.index) == ["north", "anger", "nothing", "rest", "whole"]
    assert table["mean"].drop("whole").sum() == pytest.approx(table.loc["whole", "mean"], abs=1e-12)


def test_a_share_of_nothing_is_not_shown():
    found = hudna.shapley("two-militias", "pressure", "stay", factors={"north": "NORTH"}, draws=1, paths=4, seed=1)
    assert found.table()["share"].isna().all()  # one draw tells no error
    found = hudna.shapley("two-militias", "pressure", "stay", factors={"north": "NORTH"}, draws=8, paths=4, seed=1)
    assert found.table().loc[["north", "rest"], "share"].sum() == pytest.approx(1)


@pytest.mark.parametrize(("arguments", "text"), [
    (("pressures", "leave", "stay", {"n": "NORTH"}), "did you mean 'pressure'"),
    (("pressure", "leaves", "stay", {"n": "NORTH"}), "did you mean 'leave'"),
    (("pressure", "leave", "leave", {"n": "NORTH"}), "with itself"),
    (("pressure", "leave", "stay", {"n": "NORT"}), "did you mean 'NORTH'"),
    (("pressure", "leave", "stay", {}), "must be 1 to 8"),
    (("pressure", "leave", "stay", None), "[factors]"),
    (("pressure", "leave", "stay", {str(i): "NORTH" for i in range(9)}), "must be 1 to 8"),
])  # fmt: skip
def test_a_wrong_question_about_shares_is_one_clear_error(arguments, text):
    outcome, a, b, factors = arguments
    with pytest.raises(InputError) as error:
        hudna.shapley("two-militias", outcome, a, b, factors=factors, **SMALL)
    assert text in str(error.value)


def test_the_factors_of_a_scenario_are_checked(militias, tmp_path):
    import shutil

    shutil.copytree(militias, tmp_path / "mine")
    path = tmp_path / "mine" / "scenarios" / "two-militias.toml"
    factors = ('[factors.north]\nname = "North"\nremove = ["NORTH"]\n[factors.both]\nname = "Both"\n'
               'remove = ["anger.*", "nobody"]\n[factors."a b"]\nname = "X"\nremove = ["presence"]\n')  # fmt: skip
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{factors}", encoding="utf-8")
    with pytest.raises(InputError) as error:
        hudna.load(path)
    text = str(error.value)
    assert "anger.NORTH, and so does factors.north" in text
    assert "there is no such actor, driver, signal or tie: 'nobody'" in text
    assert "letters, digits and _" in text


# ---- The commands -----------------------------------------------------------------------------------------------

QUICK = ["--draws", "4", "--paths", "5"]


def test_explain_prints_the_parts_and_writes_them(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["explain", "two-militias", *QUICK, "--out", "why"]) == 0
    said = capsys.readouterr().out
    for text in ("Northern militia", "Leave less Stay: why they differ", "90 % over draws", "total (log odds)"):
        assert text in said
    folder = tmp_path / "why"
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"parts.csv", "differences.csv", "over-time.csv", "manifest.json"} <= names
    assert {"figures/over-time-stay.png", "figures/difference-leave-stay.png"} <= names
    assert main(["explain", "two-militias", *QUICK, "--of", "SOUTH", "--by", "channel", "--lang", "ar", "--json"]) == 0
    given = json.loads(capsys.readouterr().out)
    assert given["level"] == "anger.SOUTH"
    assert {row["part"] for row in given["parts"]} >= {"political", "effect", "total"}


def test_remove_prints_effects(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["remove", "two-militias", "NORTH", "presence + strikes", *QUICK, "--csv", "effects.csv"]) == 0
    said = capsys.readouterr().out
    assert "If nothing reads it any more: Northern militia" in said
    assert "If nothing reads it any more: Presence of the mission + Strikes by the mission" in said
    assert (tmp_path / "effects.csv").read_text(encoding="utf-8").count("\n") == 1 + 2 * 2 * 4
    assert "no route leads in the model from it to: Weeks until the truce breaks" in said
    assert "--silence asks of a world without it: Attacks in a year, Any attack within 4 weeks" in said
    assert main(["remove", "two-militias", "attacks.*", "--silence", *QUICK, "--json"]) == 0
    rows = [row for row in json.loads(capsys.readouterr().out)["effects"] if row["outcome"] == "attacks"]
    assert [(row["silenced"], row["reached"], row["without"]) for row in rows] == [(True, True, 0.0)] * 2
    assert main(["remove", "two-militias", "pressure", "--silence", "--lang", "ar", *QUICK]) == 0
    assert "إذا أسكت" in (said := capsys.readouterr().out)
    assert "غائب فلا قيمة له" in said
    assert main(["remove", "two-militias", "nobody", *QUICK]) == 2
    assert "no such actor" in capsys.readouterr().err
    assert main(["remove", "two-militias", "NORTH", "--outcome", "attack", *QUICK]) == 2
    assert "did you mean 'attacks'" in capsys.readouterr().err


def test_shapley_prints_shares(capsys):
    arguments = ["shapley", "iraq-2024", "pressure", "withdrawal", "postponement", "--draws", "6", "--paths", "2"]
    assert main([*arguments, "--json"]) == 0
    given = json.loads(capsys.readouterr().out)
    names = [row["factor"] for row in given["shares"]]
    assert names[-2:] == ["rest", "whole"]
    assert len(names) == 6  # the four of the article, C15
    total = sum(row["mean"] for row in given["shares"][:-1])
    assert total == pytest.approx(given["shares"][-1]["mean"], abs=1e-12)
    assert main(["shapley", "two-militias", "pressure", "leave", "stay", *QUICK]) == 2
    assert "[factors]" in capsys.readouterr().err
