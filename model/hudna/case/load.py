"""Read a case from its folder: what it is about, actors, ties, drivers, parameters, and what was observed."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from hudna import shipped
from hudna.arguments import check_kind
from hudna.case.basis import with_posterior
from hudna.case.case import About, Case
from hudna.case.checking import build, is_table
from hudna.case.claims import read_claims
from hudna.case.documents import Document, Key, display, read_document, read_json, show_key
from hudna.case.evidence import check_source
from hudna.case.expand import expand
from hudna.case.grammar import Text, wrong_name
from hudna.case.load_observations import TABLE, read_observations
from hudna.case.network import Actor, Tie
from hudna.case.network_files import (
    NETWORK,
    NetworkRows,
    check_derived,
    read_actors,
    read_ties,
    rows_of_json,
    rows_of_toml,
)
from hudna.case.node_checks import check_nodes
from hudna.case.nodes import KINDS, NODES, Node
from hudna.case.parameters import Parameter
from hudna.case.posterior import ABOUT, DRAWS
from hudna.case.references import Known, Unread, check_names, mentions
from hudna.case.signals import publish
from hudna.errors import InputError, Problems, folded, nearest, no_such

__all__ = ["DRIVER_FIELDS", "FILES", "case_folder", "load_case", "read_case"]

FILES = {"case": "case.toml", "actors": "actors.toml", "ties": "ties.toml", "drivers": "drivers.toml",
         "parameters": "parameters.toml", "observations": "observations.toml", "claims": "claims.toml"}  # fmt: skip
_OPTIONAL = ("actors", "ties", "observations", "claims")
_NETWORK_ROLES = ("actors", "ties")
_NOTHING_KNOWN = About.model_construct(  # stands in for a case.toml that could not be read
    name=Text(en="?"), summary=Text(en="?"), evidence_until=dt.date.max, channels={}, correlations={}
)
# Not meant to be read: what editors keep of a file, and texts and pictures about a case.
_SPARE = re.compile(r"(~|\.(bak|old|orig|tmp|swp))$")
_PROSE = (".md", ".rst", ".html", ".pdf", ".docx", ".png", ".svg", ".jpg")
DRIVER_FIELDS = frozenset(field for model in NODES.values() for field in model.model_fields)


def load_case(case: Case | str | Path, *, posterior: bool = True) -> Case:
    """Read a case.

    Parameters
    ----------
    case : str, Path or Case
        The folder of a case (one with a case.toml), or else the name of a shipped case. A Case is returned as it is.
    posterior : bool
        Whether to read what the case has learned: not if it is to be learned anew.

    Returns
    -------
    Case

    Raises
    ------
    InputError
        If there is no such case; or with every problem of every file at once.

    Examples
    --------
    >>> sorted(load_case("two-militias").actors)
    ['GOV', 'NORTH', 'SOUTH']
    """
    if isinstance(case, Case):
        return case
    folder = case_folder(case)
    if folder is None:
        text = no_such("shipped case", str(case), shipped.cases(), text="is no folder of a case and no shipped case")
        raise InputError.of(str(case), text)
    problems = Problems()
    found, _ = read_case(folder, problems, posterior=posterior)
    problems.raise_if_any()
    assert found is not None  # noqa: S101 (for the type checker: there is a folder)
    return found


def case_folder(case: str | Path) -> Path | None:
    """Return the folder of a case: the one that is given, or else that of the shipped case of this name; or None."""
    check_kind("load_case", "case", case, "Case | Path | str")
    path = Path(case)
    return path if os.path.lexists(path / FILES["case"]) else shipped.case(str(case))


def read_case(folder: Path, problems: Problems, *, posterior: bool = True) -> tuple[Case | None, Unread]:
    """Read as much of the case in `folder` as can be read, and say what is there but could not be.

    What has problems is left out of the case; None if there is no such folder.
    """
    if not folder.is_dir():
        problems.add(display(folder), "", "no such folder; a case is a folder with case.toml, drivers.toml and more")
        return None, Unread()
    if folder.name in ("", ".."):  # the folder that hudna runs in, or one above it
        folder = Path(os.path.abspath(folder))  # noqa: PTH100 (links stay as they are)
    before = len(problems)
    documents, files = _documents(folder, problems)
    empty = Document(folder, {})
    drivers = documents.get("drivers", empty)
    network = _network(documents, empty, problems)
    actors = read_actors(network, problems)
    parameters = _parameters(documents.get("parameters", empty), folder, problems)
    named = _tables(documents.get("parameters", empty), Parameter.model_fields)
    unread = Unread(
        parameters=frozenset(named) - frozenset(parameters),
        actors=network.names - frozenset(actors),
        files=files,
    )
    nodes = _nodes(drivers, actors, unread, problems)
    unread = replace(unread, drivers=_failed(drivers, nodes, unread))
    about = build(About, documents["case"].data, documents["case"], (), problems) if "case" in documents else None
    signals = publish(nodes)
    units = sorted({parameter.unit for parameter in parameters.values()})
    blocs = sorted({actor.bloc for actor in actors.values()} - {""})
    known = Known.of(nodes, signals, parameters, unread, actor=sorted(network.names), bloc=blocs, unit=units)
    found = read_ties(network, known, problems)
    order = check_nodes(nodes, known, drivers, problems, entries=_tables(drivers, DRIVER_FIELDS))
    if about is not None:
        check_names(about, known, documents["case"], (), problems)
        _check_groups(about, documents["case"], problems)
        _check_channels(about, found.values(), network.document, problems)
    case = Case(
        id=folder.name,
        folder=folder,
        about=about or _NOTHING_KNOWN,
        actors=actors,
        ties=tuple(tie for _, tie in found.values()),
        nodes=nodes,
        parameters=parameters,
        signals=signals,
        response_order=order,
        documents=documents,
        claims=read_claims(documents.get("claims", empty), known, problems),
    )
    case, unread = read_observations(case, unread, problems)
    if about is not None and len(problems) == before:
        check_derived(network, case, problems)
        case = replace(case, notices=tuple(_notices(case)))
        case = with_posterior(case, problems) if posterior else case
    return case, unread


def _network(documents: Mapping[str, Document], empty: Document, problems: Problems) -> NetworkRows:
    """Return what the files say of the network, in network.json or in actors.toml and ties.toml."""
    if "network" in documents:
        return rows_of_json(documents["network"], problems)
    people = documents.get("actors", empty)
    named = _named(people, Actor.model_fields, "an actor", problems)
    names = _tables(people, Actor.model_fields)
    return rows_of_toml(people, named, names, documents.get("ties", empty), problems)


def _there(path: Path) -> bool:
    """Whether there is such a file, or a link that may lead nowhere: it is meant to be read."""
    return path.exists() or path.is_symlink()


def _documents(folder: Path, problems: Problems) -> tuple[dict[str, Document], frozenset[str]]:
    """Return the files of a case by their roles, and the roles of files that could not be read.

    A network.json takes the place of actors.toml and ties.toml.
    """
    roles = [role for role, file in FILES.items() if role not in _OPTIONAL or _there(folder / file)]
    found: dict[str, Document | None] = {}
    if _there(folder / NETWORK):
        if twice := [FILES[role] for role in _NETWORK_ROLES if role in roles]:
            verb = "do" if len(twice) > 1 else "does"
            text = f"holds actors and ties, and so {verb} {' and '.join(twice)}; take one or the other away"
            problems.add(display(folder / NETWORK), "", text)
        roles = [role for role in roles if role not in _NETWORK_ROLES]
        found["network"] = read_json(folder / NETWORK, problems)
    found |= {role: read_document(folder / FILES[role], problems) for role in roles}
    documents = {role: document for role, document in found.items() if document is not None}
    _check_entries(folder, documents, problems)
    unread = found.keys() - documents.keys()
    return documents, frozenset((unread - {"network"}) | (set(_NETWORK_ROLES) if "network" in unread else set()))


def _check_entries(folder: Path, documents: Mapping[str, Document], problems: Problems) -> None:
    """Note what lies in the folder, is not read, and looks as if it were to be."""
    known = (*FILES.values(), NETWORK, TABLE, ABOUT, DRAWS)
    try:
        entries = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        problems.add(display(folder), "", f"cannot be read: {error.strerror}")
        return
    lost = sorted({*known} - {*entries, ABOUT, DRAWS})
    forms = {NETWORK} if FILES["ties"] in entries else {FILES["actors"], FILES["ties"]} if NETWORK in entries else set()
    for entry in entries:
        name, ending = folded(entry), os.path.splitext(folded(entry))[1]  # noqa: PTH122
        if entry in known or _is_base(entry, documents) or entry.startswith((".", "#")) or _SPARE.search(entry):
            continue
        meant = [k for k in known if name == k or name.startswith(f"{k}.")]  # Ties.TOML, ties.toml.txt
        if not meant and ending not in _PROSE:  # ties.txt, observations.xlsx
            meant = [k for k in lost if name.split(".")[0] == k.split(".")[0] and k not in forms]
        alike = [k for k in lost if ending and k.endswith(ending)]
        if meant:
            text = f"is not read: the file of a case is called just {meant[0]}; rename it, or take it out of the folder"
            problems.add(display(folder / entry), "", text)
        elif ending == ".toml":
            problems.add(display(folder / entry), "", no_such("file", entry, known, text="not a file of a case"))
        elif hint := nearest(entry, alike, cutoff=0.8):
            problems.add(display(folder / entry), "", f"not a file of a case{hint}")


def _is_base(name: str, documents: Mapping[str, Document]) -> bool:
    """Whether a file is there because another one extends it."""
    return any(path.name == name for document in documents.values() for path in document.bases)


def _tables(document: Document, fields: Collection[str], problems: Problems | None = None) -> dict[str, Any]:
    """Return the named tables of a file, `[attacks.iraq]` read as the name `attacks.iraq`.

    A table is taken apart further as long as it holds nothing but tables under names that are no field.
    """
    found: dict[str, Any] = {}
    problems = Problems() if problems is None else problems

    def walk(prefix: str, data: Mapping[str, Any]) -> None:
        for name, value in data.items():
            full = f"{prefix}{name}"
            nested = (
                isinstance(value, Mapping)
                and bool(value)
                and all(isinstance(item, Mapping) and key not in fields for key, item in value.items())
            )
            if nested:
                walk(f"{full}.", value)
            elif full in found:
                document.note(problems, (full,), "is there twice, with quotes and without")
            else:
                found[full] = value

    walk("", document.data)
    return dict(sorted(found.items()))


def _named(document: Document, fields: Collection[str], what: str, problems: Problems) -> Iterator[tuple[str, Any]]:
    for name, data in _tables(document, fields, problems).items():
        if wrong := wrong_name(name, f"the name of {what}", parts=True, variable=what != "an actor"):
            document.note(problems, (name,), wrong)
        elif is_table(data, document, (name,), problems):
            yield name, data


def _parameters(document: Document, folder: Path, problems: Problems) -> dict[str, Parameter]:
    parameters = {}
    for name, data in _named(document, Parameter.model_fields, "a parameter", problems):
        parameter = build(Parameter, data, document, (name,), problems)
        if parameter is not None:
            parameters[name] = parameter
            check_source(parameter, folder, document, (name, "source"), problems)
    return parameters


class _Kind(BaseModel, strict=True):
    kind: Literal["schedule", "regime", "events", "response", "level"] = Field(description=f"one of {', '.join(KINDS)}")


def _nodes(document: Document, actors: Mapping[str, Actor], unread: Unread, problems: Problems) -> dict[str, Node]:
    nodes: dict[str, Node] = {}
    for name, data in _named(document, DRIVER_FIELDS, "a driver", problems):
        if build(_Kind, data, document, (name,), problems) is None:
            continue
        template = build(NODES[data["kind"]], data, document, (name,), problems)
        if template is None or (isinstance(template.per, str) and "actors" in unread.files):
            continue
        known = expand(name, data, template, actors, document, problems, unread=unread.actors)
        for instance, node in known.items():
            if instance in nodes:
                document.note(problems, (instance,), "is there twice")
            nodes[instance] = node
    return dict(sorted(nodes.items()))


def _failed(document: Document, nodes: Mapping[str, Node], unread: Unread) -> frozenset[str]:
    """Return the drivers that could not be read, and their nodes for actors that could not."""
    found = set()
    for name, data in _tables(document, DRIVER_FIELDS).items():
        if name not in nodes and not any(node.startswith(f"{name}.") for node in nodes):
            found.add(name)
        elif isinstance(data, Mapping) and isinstance(data.get("per"), str):
            found |= {f"{name}.{actor}" for actor in unread.actors}
    return frozenset(found)


def _check_groups(about: About, document: Document, problems: Problems) -> None:
    groups: dict[str, str] = {}
    for group, correlation in sorted(about.correlations.items()):
        for name in correlation.parameters:
            if name in groups:
                key = ("correlations", group, "parameters")
                text = f"{name} stands in {groups[name]} too; a parameter belongs to one group at most"
                document.note(problems, key, text)
            groups[name] = group


def _check_channels(about: About, ties: Iterable[tuple[Key, Tie]], document: Document, problems: Problems) -> None:
    for key, tie in ties:
        if tie.toward is not None and tie.channel not in about.channels:
            text = f"no parameter is given for the channel {tie.channel} under [channels] in case.toml"
            problems.add(document.where(key[:1]), show_key((*key, "channel")), text, given=tie.id)


def _notices(case: Case) -> Iterator[Text]:
    tables = (case.nodes, case.observations.counters)
    used: set[Any] = {mention.name for table in tables for mention in mentions(table)}
    levels = case.levels()
    pressing = [t for t in case.ties if t.toward and t.source in levels and t.target in levels]
    used |= {case.about.channels[tie.channel] for tie in pressing}
    used |= {start for record in case.observations.records.values() for start in record.starts.values()}
    for name in sorted(set(case.parameters) - used):
        yield Text(en=f"parameter {name} is used by nothing", ar=f"المعامل {name} لا يستخدمه شيء")
    for name, record in case.observations.records.items():
        rows = [row for row in case.observations.rows_of(name) if row.weighs and row.counts]
        beyond = [str(row.line) for row in rows if row.start < record.start or row.end >= record.until]
        if beyond:
            lines = f"line{'s'[: len(beyond) - 1]} {', '.join(beyond)} of {TABLE}"
            yield Text(
                en=f"counts that reach beyond record {name}: {lines}",
                ar=f"أعداد تتجاوز مدة سجل المشاهدات {name}، في {TABLE}، السطر: {'، '.join(beyond)}",
            )
    if case.ties:
        context = len(case.ties) - len(pressing)
        yield Text(
            en=f"{len(pressing)} of {len(case.ties)} ties press"
            + (f"; the other {context} are context" if context else ""),
            ar=f"الروابط الضاغطة: {len(pressing)} من {len(case.ties)}"
            + (f"؛ وما عداها ({context}) سياق" if context else ""),
        )
