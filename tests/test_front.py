"""The front door: what the package offers, how a scenario or a case is found, and how what comes back shows itself."""

from __future__ import annotations

import inspect
import re
from importlib.resources import files
from pathlib import Path

import pytest

import hudna
from hudna import shipped
from hudna.errors import InputError
from hudna.outline import Outlined
from hudna.scenario.reading import case_of

NAME = "two-militias"
SMALL = {"draws": 10, "paths": 5, "seed": 1}
SIZES = hudna.Sizes(islands=2, draws=20, paths=10, keep=20)
FUNCTIONS = [name for name in hudna.__all__ if inspect.isfunction(getattr(hudna, name))]


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- What it offers --------------------------------------------------------------------------------------------


def test_the_package_says_what_it_has_and_has_it():
    assert dir(hudna) == sorted([*hudna.__all__, "__version__"])
    assert {"load", "load_case", "run", "calibrate", "backtest", "score"} <= set(FUNCTIONS)
    assert all(hasattr(hudna, name) for name in hudna.__all__)
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = hudna.lode


def test_the_package_says_that_it_is_typed():
    assert files("hudna").joinpath("py.typed").is_file()


@pytest.mark.parametrize(
    "function",
    [*(getattr(hudna, name) for name in FUNCTIONS), hudna.Result.table, hudna.Result.contrast, hudna.Result.save],
    ids=lambda function: function.__name__,
)
def test_every_public_function_says_what_it_takes_returns_and_refuses_with_an_example(function):
    text = inspect.getdoc(function)
    for heading in ("Parameters", "Returns", "Raises", "Examples"):
        assert f"\n{heading}\n{'-' * len(heading)}\n" in text, heading
    assert ">>> " in text
    declared = re.findall(r"^([\w, ]+?)(?: : .*)?$", text.split("\nReturns\n")[0].replace("**", ""), re.MULTILINE)
    declared = {name for names in declared for name in names.split(", ")}
    assert set(inspect.signature(function).parameters) - {"self"} <= declared


@pytest.fixture(scope="module")
def result():
    return hudna.run(NAME, **SMALL)


def test_the_columns_of_tables_are_described(result):
    described = inspect.getdoc(hudna.Result.contrast)
    assert [name for name in result.contrast("leave", "stay") if name not in described] == []
    assert [name for name in result.table() if name not in inspect.getdoc(hudna.Result.table)] == []


# --- One name to a scenario or a case --------------------------------------------------------------------------


def test_a_case_is_read_by_its_name_its_folder_or_is_one(here):
    by_name = hudna.load_case("iraq-2024")
    assert by_name.id == "iraq-2024"
    assert by_name.posterior is not None
    assert hudna.load_case("iraq-2024", posterior=False).posterior is None
    assert hudna.load_case(by_name) is by_name
    copied = shipped.copy(NAME, here / "mine")[-1]
    for given in (copied, str(copied), "mine/params/two-militias"):
        assert hudna.load_case(given).folder == Path(given)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ("two-militas", "two-militas: is no folder of a case and no shipped case; did you mean 'two-militias'?; "
         f"shipped cases: {', '.join(shipped.cases())}"),
        ("scenarios/x.toml", f"no shipped case; shipped cases: {', '.join(shipped.cases())}"),
        ("", "no shipped case"),
        ("x" * 5000, "no shipped case"),
        ("a\0b", "no shipped case"),
        (3, "load_case: case = 3: must be a Case, path or text"),
    ],
)  # fmt: skip
def test_a_case_that_is_not_there_is_one_clear_error_with_those_that_are(wrong, text):
    with pytest.raises(InputError) as caught:
        hudna.load_case(wrong)
    assert text in str(caught.value)
    assert len(caught.value.problems) == 1


def test_everything_wrong_with_a_case_is_said_at_once(here):
    folder = shipped.copy(NAME, here)[-1]
    for file in ("drivers.toml", "parameters.toml"):
        (folder / file).write_text("not toml", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        hudna.load_case(folder)
    assert {Path(problem.where.split(":")[0]).name for problem in caught.value.problems} >= {
        "drivers.toml", "parameters.toml",
    }  # fmt: skip


def test_what_lies_at_a_path_comes_before_what_is_shipped(here):
    case, scenario = case_of(NAME)
    assert case.folder == shipped.case(NAME)
    assert scenario is not None
    Path(NAME).mkdir()  # some folder that has the name: not what is meant
    assert case_of(NAME)[0].folder == hudna.load_case(NAME).folder == shipped.case(NAME)
    Path(NAME).rmdir()
    file, *_, folder = shipped.copy(NAME, here / "mine")
    Path(NAME).symlink_to(folder)
    assert case_of(NAME) == (hudna.load_case(NAME), None)
    assert hudna.load_case(NAME).folder == Path(NAME)
    Path(NAME).unlink()
    case, scenario = case_of(file)
    assert (case.folder, scenario.path) == (folder, file)
    assert case_of(case) == (case, None)
    assert case_of({"extends": NAME, "weeks": 5})[1].file.weeks == 5
    Path("empty").mkdir()
    with pytest.raises(InputError, match=r"empty: is a folder without case\.toml; give a scenario's file or a case's"):
        case_of("empty")


def test_calls_take_a_name_a_path_or_what_was_read(here, result):
    file, *_, folder = shipped.copy(NAME, here)
    found = hudna.calibrate(NAME, sizes=SIZES)
    assert hudna.calibrate(folder, sizes=SIZES).theta.tolist() == found.theta.tolist()
    plan = hudna.Plan(every=13, horizons=(4,), draws=20, paths=10)
    judged, again = (hudna.backtest(scenario, plan=plan, sizes=SIZES) for scenario in (file, hudna.load(NAME)))
    assert judged.forecasts.equals(again.forecasts)
    came = "date_start,date_end,signal,value,qualifier\n2024-01-01,2024-01-28,attacks.*,2,exact\n"
    Path("later.csv").write_text(came, encoding="utf-8")
    result.save("result.nc")
    both = hudna.score("result.nc", "later.csv")
    assert both["policy"].tolist() == ["stay", "leave"]
    assert hudna.score(result, Path("later.csv"), ["leave"]).iloc[0].equals(both.iloc[1])
    with pytest.raises(InputError, match="score: policy = 'lave': the result has no such policy; did you mean 'leave'"):
        hudna.score(result, "later.csv", "lave")
    for text in (short(found), found._repr_html_(), short(judged)):
        assert "2 of 20 draws x 10 paths, seed 1" in text


# --- How it shows itself ---------------------------------------------------------------------------------------


def short(shown: Outlined) -> str:
    """Return what an object shows of itself, which is short."""
    text = repr(shown)
    lines = text.splitlines()
    assert lines[0] == f"<hudna {type(shown).__name__}>"
    assert 2 < len(lines) < 20
    assert max(map(len, lines)) < 140
    return text


@pytest.mark.parametrize("name", shipped.scenarios())
def test_a_scenario_and_its_case_show_themselves_in_a_few_lines(name):
    scenario = hudna.load(name)
    assert scenario.id in short(scenario)
    assert scenario.policies[0] in repr(scenario)
    assert f"{scenario.case.id}: {scenario.case.about.name.en}" in short(scenario.case)


def test_what_was_changed_is_shown():
    changed = hudna.load(NAME).with_(weeks=26, starts={"truce": "broken"}, parameters={"presence_power": 0.5})
    lines = {line.split("  ")[2]: line for line in short(changed).splitlines()[1:]}
    assert all(key in lines["changed"] for key in ("weeks", "parameters", "starts"))
    assert lines["parameters overridden"].endswith("presence_power")
    assert "26 weeks from 2024-01-01" in repr(changed)


def test_answers_show_themselves_in_a_few_lines_and_as_a_table_in_a_notebook(result):
    answers = [
        (result, "every path's outcomes"),
        (hudna.run(NAME, outcomes="summary", **SMALL), "summaries of the outcomes"),
        (hudna.attribute(NAME, "GOV", **SMALL), "pressure: Pressure on the government"),
        (hudna.remove(NAME, "NORTH", **SMALL), "NORTH"),
        (hudna.shapley(NAME, "pressure", "leave", "stay", factors={"north": "NORTH"}, **SMALL), "leave less stay"),
        (hudna.compare([NAME], **SMALL), "scenarios"),
        (hudna.claims(NAME, **SMALL), "T1, T2, T3"),
    ]
    for answer, said in answers:
        assert said in short(answer)
        assert "10 draws x 5 paths, seed 1" in repr(answer)
        page = answer._repr_html_()
        assert page.count("<table") == page.count("</table>") == 2
        assert len(page) < 60_000
    mean = result.table().loc[("stay", "attacks"), "mean"]
    assert f"<td>{mean:.3g}</td>" in result._repr_html_()


def test_many_names_are_cut_and_what_is_markup_is_text():
    class Many(Outlined):
        def _outline(self):
            yield "names", (f"name{i}" for i in range(1000))
            yield "text", "<b>long</b> " * 100
            yield "nothing", ()

    text = short(Many())
    assert "name0, name1, " in text
    assert " more" in text
    assert "nothing" not in text
    assert "<b>long" not in Many()._repr_html_().removeprefix("<b>Many</b>")
