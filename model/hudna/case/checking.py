"""From a table of a file to a frozen object, with every problem said in the file's own words."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticUndefined

from hudna.case.documents import Document, Key, show_key, show_value
from hudna.case.grammar import unwrapped
from hudna.errors import Problems, nearest

__all__ = ["build", "is_table", "salvage"]

M = TypeVar("M", bound=BaseModel)


def build(model: type[M], data: Any, document: Document, key: Key, problems: Problems) -> M | None:
    """Validate the table `data`, found in `document` under `key`; note its problems and return None if any."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            loc = tuple(part for part in item["loc"] if part != "[key]")  # pydantic marks bad keys
            _translate(model, item, (*key, *loc), len(key), document, problems)
        return None


def salvage(model: type[M], data: Mapping[str, Any], tables: Collection[str], stand_ins: Mapping[str, Any]) -> M:
    """Return what can be read of a table with problems, so that the rest of it is checked too.

    Parameters
    ----------
    model : type of BaseModel
    data : mapping
        The table.
    tables : collection of str
        Fields that are tables of names, to be taken name by name.
    stand_ins : mapping
        What fields are taken to be if they cannot be read.
    """
    kept: dict[str, Any] = {**stand_ins}
    for name, field in model.model_fields.items():
        adapter = TypeAdapter(field.rebuild_annotation())
        value = data.get(name, PydanticUndefined)
        if name in tables and isinstance(value, Mapping):
            found = [_read(adapter, {key: item}) for key, item in value.items()]
            kept[name] = {key: item for part in found if part is not PydanticUndefined for key, item in part.items()}
        elif (read := _read(adapter, value)) is not PydanticUndefined:
            kept[name] = read
    return model.model_construct(**kept)


def _read(adapter: TypeAdapter[Any], value: Any) -> Any:
    try:
        return adapter.validate_python(value, strict=True)
    except ValidationError:
        return PydanticUndefined


def is_table(data: Any, document: Document, key: Key, problems: Problems) -> bool:
    """Whether `data` is a table; if not, note it."""
    if isinstance(data, Mapping):
        return True
    document.note(problems, key, "must be a table", data)
    return False


def _translate(
    model: type[BaseModel], error: ErrorDetails, key: Key, depth: int, document: Document, problems: Problems
) -> None:
    code, given, name = error["type"], error["input"], show_key(key)
    if code != "extra_forbidden" and problems.about(document.where(key), name):
        return  # said while reading, such as NaN
    owner = _model_at(model, key[depth:-1])
    if code == "extra_forbidden":
        known = list(owner.model_fields) if owner else []
        document.note(problems, key, f"unknown key{nearest(str(key[-1]), known)}; allowed: {', '.join(known)}", given)
    elif code == "missing":
        field = owner.model_fields.get(str(key[-1])) if owner else None
        hint = f": {field.description}" if field is not None and field.description else ""
        problems.add(document.where(key[:-1]), name, f"is missing{hint}")
    else:
        text = error["msg"].removeprefix("Value error, ")
        inside = re.fullmatch(r"([a-z_]+): (.*)", text)
        where = document.where(key)
        if inside and isinstance(given, Mapping) and inside[1] in given:  # a table's own check, about one field
            name, text, given = show_key((*key, inside[1])), inside[2], given[inside[1]]
        problems.add(where, name, _plain(code, text, given), given=show_value(given) if name else "")


_SAID = {  # pydantic's own messages in the words of the files
    **dict.fromkeys(("string_type", "string_sub_type"), "must be a text in quotes"),
    "string_too_short": "must not be empty",
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type", "mapping_type"), "must be a table"),
    **dict.fromkeys(("tuple_type", "list_type"), "must be a list"),
    **dict.fromkeys(("int_type", "int_from_float"), "must be a whole number"),
    "bool_type": "must be true or false",
}
_SIGNS = {"greater_than_equal": ">=", "less_than_equal": "<=", "less_than": "<", "greater_than": ">"}


def _plain(code: str, text: str, given: Any) -> str:
    """Say pydantic's own messages in the words of the files."""
    if code == "literal_error":
        options = text.removeprefix("Input should be ").replace("' or '", "', '").replace("'", "").split(", ")
        close = nearest(given, options) if isinstance(given, str) else ""
        return f"must be one of {', '.join(options)}{close}"
    if code == "too_short":
        return "must have more items: " + text[0].lower() + text[1:]
    if code in _SIGNS:
        return f"must be {_SIGNS[code]} {text.rsplit(' ', 1)[1]}"
    return _SAID.get(code) or text.replace("Input should be", "must be")


def _model_at(model: type[BaseModel], path: Key) -> type[BaseModel] | None:
    """Return the model that the table at `path` inside `model` is checked against."""
    current: Any = model
    for part in path:
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = current.model_fields.get(str(part))
            current = field.annotation if field else None
        else:  # dict[K, V] or tuple[V, ...]
            arguments = get_args(current)
            current = arguments[get_origin(current) is dict] if arguments else None
        current, _ = unwrapped(current)
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None
