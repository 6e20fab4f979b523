"""JSON Schemas of the kinds of file of a case and of a scenario, for editors that check while one types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from hudna.case import About
from hudna.case.claims import Claim
from hudna.case.grammar import NAME, ONE_PART
from hudna.case.load import DRIVER_FIELDS
from hudna.case.network import Actor, Tie
from hudna.case.network_files import NetworkFile
from hudna.case.nodes import NODES
from hudna.case.observations import ObservationsFile
from hudna.case.parameters import Parameter
from hudna.errors import InputError, nearest
from hudna.scenario.file import ScenarioFile

__all__ = ["KINDS_OF_FILE", "json_schema"]

KINDS_OF_FILE = ("scenario", "case", "actors", "ties", "drivers", "parameters", "observations", "claims",
                 "network")  # fmt: skip
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_EXTENDS = {"type": "string", "description": "start from another TOML file in the same folder"}
_DEFS = "#/$defs/"


def json_schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a kind of file.

    Dates are texts of the form 2024-08-22 to a schema. What takes more than one file to see (a name that
    nothing has) only `hudna check` finds.

    Parameters
    ----------
    kind : {"scenario", "case", "actors", "ties", "drivers", "parameters", "observations", "claims", "network"}

    Raises
    ------
    InputError
        If there is no such kind of file.

    Examples
    --------
    >>> sorted(json_schema("ties")["properties"])
    ['extends', 'tie']
    """
    definitions: dict[str, Any] = {}
    match kind:
        case "scenario":
            file = _of(ScenarioFile, definitions)
        case "case":
            file = _of(About, definitions)
        case "observations":
            file = _of(ObservationsFile, definitions)
        case "network":  # JSON: nothing to extend
            file = _of(NetworkFile, definitions)
            return {"$schema": _DIALECT, "title": "hudna: network.json", **file, "$defs": definitions}
        case "claims":
            claim = _reference(Claim, definitions)
            file = {"type": "object", "propertyNames": {"pattern": ONE_PART}, "additionalProperties": claim}
        case "actors":
            file = _named(_reference(Actor, definitions), Actor.model_fields, definitions)
        case "parameters":
            file = _named(_reference(Parameter, definitions), Parameter.model_fields, definitions)
        case "drivers":
            kinds = [_reference(model, definitions) for model in NODES.values()]
            file = _named({"oneOf": kinds}, dict.fromkeys(DRIVER_FIELDS), definitions)
        case "ties":
            rows = {
                "type": "array",
                "items": _reference(Tie, definitions),
                "description": "each begun with [[tie]]",
            }
            file = {"type": "object", "properties": {"tie": rows}, "additionalProperties": False}
        case _:
            text = f"must be one of {', '.join(KINDS_OF_FILE)}{nearest(kind, KINDS_OF_FILE)}"
            raise InputError.of("schema", text, key="kind", given=repr(kind))
    return _may_extend(f"hudna: {kind}.toml" if kind != "scenario" else "hudna: a scenario", file, definitions)


def _of(model: type[BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a table; what it refers to goes to `definitions`."""
    schema = model.model_json_schema(ref_template=_DEFS + "{model}")
    definitions.update({name: _plain(part) for name, part in schema.pop("$defs", {}).items()})
    plain: dict[str, Any] = _plain(schema)
    return plain


def _reference(model: type[BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    definitions[model.__name__] = _of(model, definitions)
    return {"$ref": _DEFS + model.__name__}


def _named(entry: dict[str, Any], fields: Mapping[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a file of named tables; `[attacks.iraq]` is the name `attacks.iraq`."""
    definitions["Entry"] = entry
    definitions["Group"] = {
        "type": "object",
        "description": "tables whose names begin alike",
        "minProperties": 1,
        "propertyNames": {"not": {"enum": sorted(fields)}},
        "additionalProperties": {"if": _is_group(fields), "then": {"$ref": _DEFS + "Group"},
                                 "else": {"$ref": _DEFS + "Entry"}},
    }  # fmt: skip
    return {
        "type": "object",
        "propertyNames": {"pattern": NAME},
        "additionalProperties": definitions["Group"]["additionalProperties"],
    }


def _is_group(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what distinguishes a group from an entry: nothing but tables, under names that are no field."""
    return {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"not": {"enum": sorted(fields)}},
        "additionalProperties": {"type": "object"},
    }


def _may_extend(name: str, file: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a whole file: with `extends`, what is required may stand in the other file."""
    full = {**definitions, "File": file}
    loose = {f"{key}InPart": _in_part(part) for key, part in full.items()}
    properties = {"extends": _EXTENDS, **file.get("properties", {})}
    for version in (full["File"], loose["FileInPart"]):
        version["properties"] = {"extends": _EXTENDS, **version.get("properties", {})}
    return {
        "$schema": _DIALECT,
        "title": name,
        "type": "object",
        "properties": dict.fromkeys(properties, True),
        "if": {"required": ["extends"]},
        "then": {"$ref": _DEFS + "FileInPart"},
        "else": {"$ref": _DEFS + "File"},
        "$defs": {**full, **loose},
    }


def _in_part(schema: Any) -> Any:
    """Return a copy in which nothing is required."""
    if isinstance(schema, dict):
        kept = {key: value for key, value in schema.items() if key not in ("required", "minProperties", "oneOf")}
        done = {key: _in_part(value) for key, value in kept.items()}
        if "oneOf" in schema:
            done["anyOf"] = _in_part(schema["oneOf"])
        if isinstance(done.get("$ref"), str):
            done["$ref"] += "InPart"
        return done
    return [_in_part(part) for part in schema] if isinstance(schema, list) else schema


def _plain(schema: Any) -> Any:
    """Return a copy without what TOML does not know: null, and titles that only repeat a key."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema if part != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    done: dict[str, Any] = {}
    for key, value in schema.items():
        if (key == "title" and isinstance(value, str)) or (key == "default" and value is None):
            continue
        if key in ("properties", "$defs"):
            done[key] = {name: _plain(part) for name, part in value.items()}
        else:
            done[key] = _plain(value)
    options = done.get("anyOf")
    if isinstance(options, list) and len(options) == 1:
        del done["anyOf"]
        done = {**options[0], **done}
    return done
