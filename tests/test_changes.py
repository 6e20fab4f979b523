"""A scenario changed from Python or on the command line is the one that a file with the same keys would be."""

from __future__ import annotations

import json
import random
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mutations import FILES, mutate, texts

import hudna
from hudna import shipped
from hudna.case.documents import as_toml, flatten, show_key
from hudna.cli import main
from hudna.engine import compile_scenario
from hudna.errors import InputError
from hudna.learn.origin import from_belief
from hudna.result.assemble import config_hash
from hudna.scenario.describe import merged

NAME = "two-militias"
SMALL = {"draws": 5, "paths": 4, "seed": 3}
WHOLE = {"unit": "power", "status": "judgement", "source": "assumed", "note": "for this question"}

CHANGES = {
    "horizon": {"weeks": 26},
    "date": {
        "start": "2024-03-04",
        "policies": {"leave": {"schedules": {"presence": {"points": [["2024-04-01", 0]]}}}},
    },
    "parameter": {"parameters": {"presence_power": {**WHOLE, "prior": {"family": "fixed", "value": 0.5}}}},
    "policy": {"policies": {"halve": {"name": "Halve", "schedules": {"presence": {"points": [["2024-02-01", 0.5]]}}}}},
    "assumption": {"assumptions": {"truce": {"note": "assumed", "states": [["2024-03-01", "broken"]]}}},
    "start": {"starts": {"truce": "broken"}},
    "outcome": {"outcomes": {"strikes": {"name": "Strikes", "signal": "strikes", "reduce": "sum"}}},
    "size": {"run": {"draws": 7}},
}
WRONG = {
    "key": {"wees": 26},
    "kind": {"weeks": 52.5, "series": "pressure"},
    "names": {"parameters": {"presence_powr": {**WHOLE, "prior": {"family": "fixed", "value": 0.5}}},
              "starts": {"truse": "broken"}, "assumptions": {"presence": {"note": "x", "states": []}}},
    "state": {"starts": {"truce": "brokn"}, "outcomes": {"attacks": {"window": [0, 60]}}},
    "prior": {"parameters": {"presence_power": {**WHOLE, "prior": {"family": "beta", "mean": 0.5}}}},
    "evidence": {"parameters": {"presence_power": {**WHOLE, "status": "evidence",
                                                   "prior": {"family": "fixed", "value": 0.5}}}},
    "domain": {"parameters": {"strike_probability": {**WHOLE, "prior": {"family": "fixed", "value": 1.5}}}},
    "number": {"weeks": float("nan"), "step_days": 10**30},
}  # fmt: skip


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Work in a folder with a copy of the small scenario and its case."""
    shipped.copy(NAME, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def dated(value):
    """Return a change with its dates as a file has them."""
    if isinstance(value, dict):
        return {key: dated(part) for key, part in value.items()}
    if isinstance(value, list):
        return [dated(part) for part in value]
    return np.datetime64(value).item() if isinstance(value, str) and value.startswith("2024-") else value


def extending(changes) -> Path:
    """Write a file that extends the copied scenario."""
    path = Path("scenarios/changed.toml")
    lines = [f"{show_key(key)} = {as_toml(value)}" for key, value in flatten(dated(changes))]
    path.write_text("\n".join(['extends = "two-militias.toml"', *lines]), encoding="utf-8")
    return path


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_file_mapping_and_changes_are_one_scenario_with_one_hash(here, changes):
    base = hudna.load("scenarios/two-militias.toml")
    before = config_hash(base)
    file = hudna.load(extending(changes))
    mapping = hudna.load({"extends": Path("scenarios/two-militias.toml"), **changes})
    changed = base.with_(**changes)
    for one in (mapping, changed):
        assert replace(one, id=file.id) == file
        assert config_hash(one) == config_hash(file)
    assert config_hash(file) != before
    assert config_hash(base) == before


def test_every_change_has_a_hash_of_its_own():
    base = hudna.load(NAME)
    hashes = [config_hash(base.with_(**changes)) for changes in CHANGES.values()]
    assert len({config_hash(base), *hashes}) == len(CHANGES) + 1


def test_the_hash_does_not_see_how_a_value_is_written():
    data = tomllib.loads(texts()[FILES[0]])
    turned = {key: dict(reversed(value.items())) if key == "outcomes" else value for key, value in data.items()}
    for same in ({**data, "step_days": 7}, dict(reversed(data.items())), turned):
        assert config_hash(hudna.load(same)) == config_hash(hudna.load(NAME))


def test_other_numbers_have_another_hash_and_equal_ones_the_same():
    base = hudna.load(NAME)
    runs = [hudna.run(base.with_(parameters={"presence_power": x}), **SMALL) for x in (0.2, 0.2, 0.9)]
    assert [run.parameters["presence_power"].to_numpy().tolist() for run in runs] == [[0.2] * 5, [0.2] * 5, [0.9] * 5]
    assert runs[0] == runs[1] != runs[2]
    hashes = [run.about["config_hash"] for run in runs]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize("part", ["parameters", "nodes", "file", "case"])
def test_a_scenario_of_which_parts_were_replaced_is_refused(part):
    base, other = (
        hudna.load(NAME),
        hudna.load(NAME).with_(parameters={"presence_power": 0.5}, starts={"truce": "broken"}),
    )
    if part == "case":
        changed = replace(base, case=replace(base.case, parameters=other.parameters))
    else:
        changed = replace(base, **{part: getattr(other, part)})
    with pytest.raises(InputError, match=r"change it with scenario\.with_"):
        hudna.run(changed, **SMALL)


def said(load, where):
    """Return what is wrong, the file's name left out."""
    with pytest.raises(InputError) as caught:
        load()
    return [str(problem).removeprefix(f"{where}: ") for problem in caught.value.problems]


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_as_of_a_file(here, changes):
    base = hudna.load("scenarios/two-militias.toml")
    wanted = said(lambda: hudna.load(extending(changes)), "scenarios/changed.toml")
    assert said(lambda: base.with_(**changes), "given in Python") == wanted
    assert said(lambda: hudna.load({"extends": "scenarios/two-militias.toml", **changes}), "given in Python") == wanted


def test_a_mapping_with_mistakes_is_refused_as_its_file_is(here):
    seen = 0
    for seed in range(150):
        text = mutate({FILES[0]: texts()[FILES[0]]}, random.Random(seed))[FILES[0]]
        path = here / "scenarios/mutated.toml"
        path.write_text(text, encoding="utf-8")
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            continue
        if "T00:00:00" in text:
            continue  # a midnight is a date in Python only
        try:
            wanted = hudna.load(path)
        except InputError:
            of_file = said(lambda: hudna.load(path), "scenarios/mutated.toml")  # noqa: B023 (called at once)
            assert said(lambda: hudna.load(data), "given in Python") == of_file  # noqa: B023
            seen += 1
        else:
            assert config_hash(hudna.load(data)) == config_hash(wanted)
    assert seen > 20


def test_a_number_a_prior_and_a_table_stand_for_a_parameter():
    base = hudna.load(NAME)
    own = base.parameters["presence_power"]
    prior = {"family": "beta", "mean": 0.5, "sd": 0.1}
    forms = [{**prior}, {"prior": prior}, {"prior": prior, "note": "as read"}]
    made = [base.with_(parameters={"presence_power": form}).parameters["presence_power"] for form in forms]
    assert [(one.prior.family, one.unit, one.name, one.status, one.source) for one in made] == [
        ("beta", own.unit, own.name, "judgement", "given in Python")
    ] * 3
    assert [one.note for one in made] == ["given in Python", "given in Python", "as read"]
    twice = base.with_(parameters={"presence_power": prior}).with_(parameters={"presence_power": np.float64(0.25)})
    assert (twice.parameters["presence_power"].prior.family, twice.parameters["presence_power"].prior.value) == (
        "fixed", 0.25)  # fmt: skip
    assert said(lambda: base.with_(parameters={"presence_power": "half"}), "given in Python") == [
        'parameters.presence_power.prior = "half": must be a table'
    ]


def test_a_parameter_of_a_file_is_replaced_whole(here):
    file = hudna.load(
        extending({"parameters": {"presence_power": {**WHOLE, "prior": {"family": "fixed", "value": 1}}}})
    )
    changed = file.with_(parameters={"presence_power": 0.5}).parameters["presence_power"]
    assert (changed.source, changed.note, changed.prior.value) == ("given in Python", "given in Python", 0.5)


def test_what_python_has_for_numbers_dates_and_lists_is_read():
    base = hudna.load(NAME)
    weeks, points = np.int64(26), ((day, share) for day, share in [("2024-02-01", np.float32(0.5))])
    changed = base.with_(weeks=weeks, policies={"leave": {"schedules": {"presence": {"points": points}}}},
                         outcomes={"any_attack_4w": {"window": np.array([0, 2])}})  # fmt: skip
    assert (changed.file.weeks, changed.file.outcomes["any_attack_4w"].window) == (26, (0, 2))
    assert changed.with_(run=base.file.run, assumptions={}).file.run == base.file.run
    assert said(lambda: base.with_(start=None, extends="x", weeks={1: {2: 3}}), "given in Python") == [
        "extends: goes with a file, or with a mapping for hudna.load",
        "start: must not be None; leave the key out",
        "weeks = { 1 = { 2 = 3 } }: must be a whole number",
    ]


def test_a_case_is_found_by_name_beside_the_work_or_by_path(here, monkeypatch):
    data = tomllib.loads(texts()[FILES[0]])
    folder = here / "params/two-militias"
    assert hudna.load(data).case.folder == folder
    monkeypatch.chdir("/")
    assert hudna.load(data).case.folder == shipped.case(NAME)
    for given in (folder, str(folder)):
        assert hudna.load({**data, "case": given}).case.folder == folder
    assert hudna.load(NAME).with_(case=folder).case.folder == folder
    with pytest.raises(InputError, match="there is no such case beside the scenario or shipped; did you mean 'two-mil"):
        hudna.load({**data, "case": "two-militia"})


@pytest.mark.parametrize("given", [3, None, ["two-militias"], np.zeros(3)])
def test_what_is_no_scenario_is_said_so(given):
    with pytest.raises(InputError, match=r"load: scenario = .*: must be a Scenario, path, text or mapping"):
        hudna.load(given)


def test_a_saved_run_can_be_made_again_from_what_it_says(tmp_path):
    base = hudna.load(NAME)
    changes = {"start": "2024-03-04", "weeks": 20, "parameters": {"presence_power": 0.5}, "starts": {"truce": "broken"}}
    ran = hudna.run(base.with_(**changes), **SMALL)
    about = hudna.open_result(ran.save(tmp_path / "x.nc")).about
    assert about["changes"]["weeks"] == 20
    assert hudna.run(hudna.load(about["scenario"]).with_(**about["changes"]), **SMALL) == ran
    mapping = hudna.load({"extends": NAME, **changes})
    again = hudna.load(json.loads(json.dumps(mapping.changes, default=str)))
    assert (again, again.changes["extends"]) == (mapping, NAME)
    assert base.changes == {}
    lines = list(merged(base.with_(weeks=20)))
    place = lines.index("# given in Python")
    assert lines[place + 1 : place + 3] == ["scenario.weeks = 20", ""]


def test_with_a_posterior_a_parameter_is_what_is_given_in_every_draw():
    base = hudna.load("iraq-2024")
    names = base.case.posterior.names
    name = next(name for name in names if base.parameters[name].prior.support == (0.0, 1.0))
    changed = base.with_(parameters={name: 0.5})
    program = compile_scenario(base)
    plain, own = (from_belief(one, compile_scenario(one), 9, 1, "posterior").theta for one in (base, changed))
    column = program.parameters.index(name)
    assert (own[:, column] == 0.5).all()
    assert (np.delete(own, column, axis=1) == np.delete(plain, column, axis=1)).all()
    started = hudna.run(changed, draws=4, paths=2, seed=1)  # from a date: the draws are weighed anew
    assert started.about["given"]["belief"] == "posterior"
    assert (started.parameters[name] == 0.5).all()


def test_the_hash_sees_the_rows_that_a_run_is_given():
    base = hudna.load("iraq-2024")
    rows = base.case.observations.rows
    ran = [hudna.run(base, given=given, draws=2, paths=2, seed=1) for given in (iter(rows), rows[:-1])]
    assert ran[0].about["config_hash"] == config_hash(base) != ran[1].about["config_hash"]


# ---- On the command line ----------------------------------------------------------------------------------------


def test_set_is_with_on_the_command_line(here, capsys):
    given = ["weeks=26", "parameters.presence_power=0.5", "starts.truce=broken", "question=What then, if so?",
             "policies.leave.schedules.presence.points=[[2024-02-01, 1.0], [2024-03-01, 0.0]]"]  # fmt: skip
    options = [part for one in given for part in ("--set", one)]
    command = ["run", NAME, "--draws", "4", "--paths", "4", "--no-figures", "--out", "out", *options]
    assert main(command) == 0
    manifest = json.loads(Path("out/manifest.json").read_text(encoding="utf-8"))
    assert manifest["changes"]["question"] == "What then, if so?"
    points = [["2024-02-01", 1.0], ["2024-03-01", 0.0]]
    wanted = hudna.load(NAME).with_(
        weeks=26, starts={"truce": "broken"}, question="What then, if so?",
        parameters={"presence_power": {"prior": 0.5, "source": "--set", "note": "--set"}},
        policies={"leave": {"schedules": {"presence": {"points": points}}}},
    )  # fmt: skip
    assert manifest["config_hash"] == config_hash(wanted)
    capsys.readouterr()
    assert main(["show", NAME, *options]) == 0
    shown = capsys.readouterr().out
    assert 'scenario.starts.truce = "broken"\n' in shown.split("# --set\n")[1]
    assert (
        main(["check", NAME, *options])
        == main(["remove", NAME, "NORTH", "--draws", "2", "--paths", "2", *options])
        == 0
    )


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (["weeks"], "--set: 'weeks': must be KEY=VALUE, such as weeks=26"),
        (["wees=3"], "--set: wees = 3: unknown key; did you mean 'weeks'?"),
        (["starts.truce=brokn"], '--set: starts.truce = "brokn": there is no such state; did you'),
        (["series=[1, 2"], "--set: series = [1, 2: is not valid TOML: "),
        (["weeks=3", "weeks=4"], "--set: ['weeks=3', 'weeks=4']: these cannot be set together: "),
        (["weeks=nan"], "--set: weeks = nan: must be a finite number"),
    ],
)
def test_a_wrong_set_is_said_with_exit_code_2(given, wanted, capsys):
    assert main(["check", NAME, *(part for one in given for part in ("--set", one))]) == 2
    assert capsys.readouterr().err.startswith(wanted)


def test_set_goes_with_a_scenario_only(here, capsys):
    assert main(["check", "params/two-militias", "--set", "weeks=3"]) == 2
    assert capsys.readouterr().err == "--set: goes with a scenario, not with the folder of a case\n"


SIZE = [part for key, value in SMALL.items() for part in (f"--{key}", str(value))]
SET = ["--set", "starts.truce=broken", "--set", "weeks=26"]


def printed(capsys, *arguments):
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_every_command_that_runs_a_scenario_changes_it_alike(tmp_path, capsys):
    changed = hudna.load(NAME).with_(starts={"truce": "broken"}, weeks=26)
    runs = printed(capsys, "compare", NAME, *SIZE, *SET, "--out", str(tmp_path / "a"))
    want = hudna.compare([changed], **SMALL).frame()
    assert [row["mean"] for row in runs["rows"]] == pytest.approx(list(want["mean"]))
    assert runs["manifest"]["scenarios"][NAME]["changes"] == {"starts": {"truce": "broken"}, "weeks": 26}

    judged = printed(capsys, "claims", NAME, *SIZE, *SET, "--only", "T2")
    want, plain = (hudna.claims(of, only="T2", **SMALL).table()["estimate"] for of in (changed, NAME))
    assert [row["estimate"] for row in judged["rows"]] == pytest.approx(list(want))
    assert list(want) != list(plain)  # planted: without the changes it is another number
    assert main(["claims", str(shipped.case(NAME)), "--set", "weeks=26"]) == 2
    assert "--set: goes with a scenario, not with the folder of a case" in capsys.readouterr().err


@pytest.mark.parametrize("call", [["remove", NAME, "strikes"], ["claims", NAME, "--only", "T2"], ["compare", NAME]])
def test_the_plain_engine_gives_the_same_whichever_command_asks(call, capsys):
    one, other = (printed(capsys, *call, *SIZE, "--engine", engine) for engine in ("vm", "oracle"))
    key = "effects" if call[0] == "remove" else "rows"
    assert [list(row) for row in one[key]] == [list(row) for row in other[key]]
    for row, same in zip(one[key], other[key], strict=True):
        for name, value in row.items():
            assert same[name] == (pytest.approx(value, rel=1e-9, abs=1e-12) if isinstance(value, float) else value)
    assert main([*call, "--engine", "fast"]) == 2
    assert "run: engine = 'fast': must be one of auto, vm, oracle" in capsys.readouterr().err
