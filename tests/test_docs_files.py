"""docs/files.md names every key of every file, nothing that is no key, and its examples load and run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest
from pydantic import BaseModel

import hudna
from hudna.case import About
from hudna.case.claims import Claim, ClaimTest, Than
from hudna.case.grammar import Effect, Text
from hudna.case.network import Actor, Tie
from hudna.case.network_files import EdgeRow, NetworkFile, NetworkOf, NodeRow
from hudna.case.nodes import NODES, Events, Level, Plan, Regime, Response, Schedule, Size, State, Transition
from hudna.case.observation_rows import WORDS
from hudna.case.observations import COLUMNS, REQUIRED, USES, Counter, ObservationsFile, Record
from hudna.case.parameters import Correlation, Parameter
from hudna.case.priors import FAMILIES, Prior
from hudna.errors import InputError
from hudna.scenario.file import Assumption, Factor, Outcome, Policy, RunSize, ScenarioFile

PAGE = Path(__file__).resolve().parents[1] / "docs" / "files.md"
CASE = "harbour"
CASE_FILES = ("case.toml", "actors.toml", "ties.toml", "drivers.toml", "parameters.toml", "observations.toml",
              "observations.csv", "claims.toml", "evidence/raids.csv")  # fmt: skip

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="the documentation is not here")

ROOTS: tuple[type[BaseModel], ...] = (
    ScenarioFile,
    About,
    Actor,
    Tie,
    NetworkFile,
    *NODES.values(),
    Parameter,
    ObservationsFile,
    Claim,
)
PLACES: dict[type[BaseModel], tuple[str, str]] = {  # model: the section of its file, and its own heading there
    Text: ("What all files share", "What all files share"),
    ScenarioFile: ("A scenario", "The file"),
    Policy: ("A scenario", "A policy"),
    Plan: ("A scenario", "A plan"),
    Assumption: ("A scenario", "An assumption"),
    Outcome: ("A scenario", "An outcome"),
    Factor: ("A scenario", "A factor"),
    RunSize: ("A scenario", "Size of a run"),
    About: ("case.toml", "The case"),
    Correlation: ("case.toml", "A correlation"),
    NetworkFile: ("network.json", "The network"),
    NetworkOf: ("network.json", "What it is of"),
    NodeRow: ("network.json", "A node"),  # before the actor that it is too
    EdgeRow: ("network.json", "An edge"),
    Actor: ("actors.toml", "An actor"),
    Tie: ("ties.toml", "A tie"),
    Effect: ("drivers.toml", "Effects"),
    Schedule: ("drivers.toml", "schedule"),
    Regime: ("drivers.toml", "regime"),
    State: ("drivers.toml", "A state"),
    Transition: ("drivers.toml", "A transition"),
    Events: ("drivers.toml", "events"),
    Response: ("drivers.toml", "response"),
    Size: ("drivers.toml", "A size"),
    Level: ("drivers.toml", "level"),
    Parameter: ("parameters.toml", "A parameter"),
    Prior: ("parameters.toml", "A prior"),
    ObservationsFile: ("observations.toml", "The file"),
    Counter: ("observations.toml", "A counter"),
    Record: ("observations.toml", "A record"),
    Claim: ("claims.toml", "A claim"),
    ClaimTest: ("claims.toml", "A test"),
    Than: ("claims.toml", "What it is compared with"),
}
EVERY_DRIVER = ("drivers.toml", "Every driver")


class Section(NamedTuple):
    """A heading and what stands under it, up to the next one."""

    file: str  # the heading of the second rank above it
    heading: str
    text: str


def sections(page: str) -> Iterator[Section]:
    """Yield the page piece by piece; a `#` inside a block of code begins nothing."""
    file = heading = ""
    lines: list[str] = []
    fenced = False
    for line in [*page.splitlines(), "# end"]:
        if line.startswith("```"):
            fenced = not fenced
        found = None if fenced else re.match(r"(#+) (.+)", line)
        if found is None:
            lines.append(line)
            continue
        yield Section(file, heading, "\n".join(lines))
        lines, heading = [], found[2]
        if len(found[1]) <= 2:
            file = heading


def keys(text: str) -> dict[str, str]:
    """Return the keys of the tables headed `key`, each with what stands under `default`."""
    found: dict[str, str] = {}
    inside = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if not line.startswith("|"):
            inside = False
        elif cells[:3] == ["key", "type", "default"]:
            inside = True
        elif inside and not cells[0].startswith("---"):
            name = re.fullmatch(r"`(\w+)`", cells[0])
            assert name, f"a row begins with one key in backticks, not: {line}"
            assert len(cells) == 4, f"a row is key | type | default | meaning, not: {line}"
            assert name[1] not in found, f"{name[1]} stands in the table twice"
            found[name[1]] = cells[2]
    return found


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield every model that an annotation leads to, itself first."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from models(field.annotation)
    for part in get_args(annotation):
        yield from models(part)


def documented(page: str, model: type[BaseModel]) -> dict[str, str]:
    """Return the keys that the page gives for a model."""
    own = {(section.file, section.heading): section.text for section in sections(page)}
    kind = next((known for known in PLACES if issubclass(model, known)), None)
    assert kind is not None, f"{model.__name__} has no section on the page"
    assert PLACES[kind] in own, f"the page has no heading {PLACES[kind]}"
    shared = keys(own[EVERY_DRIVER]) if kind in NODES.values() else {}
    for base in kind.__bases__:
        shared |= keys(own[PLACES[base]]) if base in PLACES else {}
    return {**shared, **keys(own[PLACES[kind]])}


def differences(page: str, model: type[BaseModel]) -> list[str]:
    """Say which keys of a model the page lacks, has too many, or wrongly calls required or not."""
    given = documented(page, model)
    fields = model.model_fields
    found = [f"{model.__name__}.{name} is not on the page" for name in fields if name not in given]
    found += [f"{model.__name__} has no {name}" for name in given if name not in fields]
    return found + [
        f"{model.__name__}.{name}: required or not?"
        for name, field in fields.items()
        if name in given and field.is_required() != (given[name] == "required")
    ]


def blocks(page: str) -> dict[str, str]:
    """Return the text of each file on the page: its blocks, one after the other."""
    found: dict[str, str] = {}
    for block in re.findall(r"^```toml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE):
        name = re.match(r"# (\S+\.toml)\n", block)
        assert name, f"a block begins with a comment that names its file, not: {block[:60]!r}"
        found[name[1]] = found.get(name[1], "") + block
    return found | dict(re.findall(r"^```csv (\S+\.csv)\n(.*?)^```$", page, re.DOTALL | re.MULTILINE))


def write(page: str, folder: Path) -> list[Path]:
    """Write the files of the page into a folder; return the scenarios."""
    written = []
    for name, text in blocks(page).items():
        path = folder / "params" / CASE / name if name in CASE_FILES else folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return [path for path in written if path.parent.name == "scenarios"]


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_every_model_of_the_files_has_a_section():
    reached = {model for root in ROOTS for model in models(root)}
    assert reached == set(PLACES)


@pytest.mark.parametrize("model", PLACES, ids=lambda model: model.__name__)
def test_the_page_has_the_keys_of_each_model_and_no_others(page, model):
    assert differences(page, model) == []


@pytest.mark.parametrize("model", PLACES, ids=lambda model: model.__name__)
def test_a_made_up_key_would_be_missed_and_a_lost_row_seen(page, model):
    made_up = type("MadeUp", (model,), {"__annotations__": {"colour_of_hat": str}, "__module__": __name__})
    assert differences(page, made_up) == ["MadeUp.colour_of_hat is not on the page"]
    lost = next(reversed(documented(page, model)))
    shorter = re.sub(rf"^\| `{lost}` \|.*\n", "", page, flags=re.MULTILINE)
    assert f"{model.__name__}.{lost} is not on the page" in differences(shorter, model)


def test_every_form_of_prior_on_the_page_is_one_and_together_they_use_every_key(page, tmp_path):
    shown = next(section.text for section in sections(page) if section.heading == "A prior")
    forms = re.findall(r"`(\{ family = [^`]+ \})`", shown)
    tables = "".join(
        f'[p{i}]\nunit = "1"\nprior = {form}\nstatus = "judgement"\nsource = "x"\nnote = "x"\n'
        for i, form in enumerate(forms)
    )
    path = write(page, tmp_path)[0]
    with (tmp_path / "params" / CASE / "parameters.toml").open("a", encoding="utf-8") as file:
        file.write(tables)
    parameters = hudna.load(path).case.parameters
    assert {parameters[f"p{i}"].prior.family for i in range(len(forms))} == set(FAMILIES)
    used = {key for parameter in parameters.values() for key in parameter.prior.model_fields_set}
    assert used == set(Prior.model_fields)


def test_the_examples_load_and_run(page, tmp_path):
    paths = write(page, tmp_path)
    assert set(CASE_FILES) <= set(blocks(page))
    assert len(paths) >= 3
    kinds = set()
    for path in paths:
        scenario = hudna.load(path)
        result = hudna.run(scenario, draws=2, paths=2, threads=1)
        assert dict(result.outcomes.sizes) == {"policy": len(scenario.policies), "draw": 2, "path": 2}
        if scenario.case.id == CASE:
            kinds |= {node.kind for node in scenario.nodes.values()}
            assert not [notice for notice in scenario.case.notices if "used by nothing" in notice.en]
            assert len(hudna.claims(scenario, draws=2, paths=2)) == len(scenario.case.claims) > 0
    assert kinds == set(NODES)


def test_the_network_of_the_page_is_that_of_its_two_files(page, tmp_path):
    (text,) = re.findall(r"^```json network\.json\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    path = write(page, tmp_path)[0]
    case = hudna.load(path).case
    for file in ("actors.toml", "ties.toml"):
        (tmp_path / "params" / CASE / file).unlink()
    with pytest.raises(InputError, match="actor"):
        hudna.load(path)
    (tmp_path / "params" / CASE / "network.json").write_text(text, encoding="utf-8")
    found = hudna.load(path).case
    assert (found.actors, found.ties) == (case.actors, case.ties)


def test_the_page_has_the_columns_the_words_and_the_uses_of_a_table_and_no_others(page):
    own = {section.heading: section.text for section in sections(page) if section.file == "observations.csv"}
    rows = re.findall(r"^\| `(\w+)` \| .* \| (\S.*?) \| ", own["The columns"], re.MULTILINE)
    assert [name for name, _ in rows] == list(COLUMNS)
    assert [name for name, default in rows if default == "required"] == list(REQUIRED)
    first = re.findall(r"^\| (`[^|]*) \| .* \| .*\|$", own["Qualifiers"].split("What a row")[0], re.MULTILINE)
    words = {word for cell in first for word in re.findall(r"`(\w+)`", cell)}
    assert words - {"qualifier"} == set(WORDS)
    assert re.findall(r"^\| `(\w+)` \| ", own["Uses"], re.MULTILINE)[1:] == list(USES)


def test_a_row_of_the_example_that_feeds_both_would_be_seen(page, tmp_path):
    paths = write(page.replace("rows = [2023-01-02, 2023-06-25]", "rows = [2023-01-02, 2023-07-09]"), tmp_path)
    with pytest.raises(InputError, match="never both"):
        hudna.load(paths[0])


def test_a_wrong_key_in_an_example_would_be_seen(page, tmp_path):
    paths = write(page.replace("branching = 0.2", "branchings = 0.2"), tmp_path)
    with pytest.raises(InputError, match="did you mean 'branching'"):
        hudna.load(paths[0])
