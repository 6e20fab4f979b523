"""One TOML or JSON file, read safely: limits on size and depth, `extends`, and for every value its file."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from hudna.arguments import plain
from hudna.errors import Problems
from hudna.text.words import CODES

__all__ = [
    "COMMAND_LINE",
    "GIVEN",
    "MAX_BYTES",
    "MAX_DEPTH",
    "Document",
    "Key",
    "as_toml",
    "display",
    "flatten",
    "given_document",
    "given_leaves",
    "laid_over",
    "no_file",
    "quote_key",
    "read_document",
    "read_json",
    "read_text",
    "show_key",
    "show_value",
]

MAX_BYTES = 10_000_000
# In the place of a file where a value is from none; beside the files that it refers to.
GIVEN, COMMAND_LINE = Path("given in Python"), Path("--set")
MAX_DEPTH = 12
MAX_EXTENDS = 8
_LONE = re.compile("[\ud800-\udfff]")  # half of a character: JSON can escape it, no file can hold it

Key: TypeAlias = tuple[str | int, ...]
Shipped: TypeAlias = Callable[[str], Path | None]  # finds a shipped file by its name


@dataclass(frozen=True)
class Document:
    """A file's merged content; `origins` names, for every leaf, the file that gave it, `bases` what it extends."""

    path: Path
    data: Mapping[str, Any]
    origins: Mapping[Key, Path] = field(default_factory=dict)
    bases: tuple[Path, ...] = ()

    def where(self, key: Key = ()) -> str:
        """Return the file that gave `key`, as users should see it; the document's own if none did."""
        wanted = _dotted(key)
        for origin, path in self.origins.items():
            found = _dotted(origin)
            if found.startswith(wanted) or wanted.startswith(found):
                return display(path)
        return display(self.path)

    def _written(self, key: Key) -> Key:
        """Return a key as the file has it: `effects.x`, not `effects.x.coefficient`, where x is a plain value."""
        value: Any = self.data
        for i, part in enumerate(key):
            if isinstance(value, list):
                value = dict(enumerate(value))
            if not isinstance(value, Mapping):
                return key[:i]
            if part not in value:  # a driver for each of several, or a list of one
                return key
            value = value[part]
        return key

    def note(self, problems: Problems, key: Key, text: str, given: Any = None) -> None:
        """Note what is wrong with the value under `key`."""
        shown = "" if given is None else show_value(given)
        problems.add(self.where(key), show_key(self._written(key)), text, given=shown)

    def leaves(self) -> Iterator[tuple[Key, Any, Path]]:
        """Yield each leaf with its key and the file that gave it, in key order."""
        for key, value in sorted(flatten(self.data), key=lambda item: tuple(map(str, item[0]))):
            yield key, value, self.origins.get(key, self.path)


def _dotted(key: Key) -> str:
    """Return `a.b.` for both ("a", "b") and ("a.b",)."""
    return "".join(f"{part}." for part in key)


def display(path: Path) -> str:
    """Return `path` as a user would write it: relative to the working folder where it lies inside."""
    if no_file(path):
        return path.name
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError, RuntimeError):  # elsewhere, or no path at all: NUL, a circle of links
        return path.as_posix()


def no_file(path: Path) -> bool:
    """Whether a value's origin is no file: it was given in Python or on the command line."""
    return path.name in (GIVEN.name, COMMAND_LINE.name)


def show_value(value: Any) -> str:
    """Return a value as TOML would have it, cut at 60 characters."""
    text = as_toml(value)
    return text if len(text) <= 60 else text[:57] + "..."


def as_toml(value: Any) -> str:
    """Return a value as TOML would have it, on one line.

    Examples
    --------
    >>> print(as_toml({"en": "truce", "since": dt.date(2024, 8, 22), "odd key": [1.0, True]}))
    { en = "truce", since = 2024-08-22, "odd key" = [1.0, true] }
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{quote_key(k)} = {as_toml(v)}" for k, v in value.items()) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(as_toml(v) for v in value) + "]"
    if isinstance(value, dt.date | dt.time | dt.datetime):
        return value.isoformat()
    return repr(value)


def quote_key(key: str | int) -> str:
    """Return one part of a dotted key, in quotes where TOML wants them."""
    text = str(key)
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else _quoted(text)


def _quoted(text: str) -> str:
    """Return a TOML string; JSON's escapes are TOML's, but for DEL, which JSON leaves bare."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def flatten(data: Mapping[str, Any], prefix: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Yield the leaves of nested tables; arrays are leaves."""
    for name, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from flatten(value, (*prefix, name))
        else:
            yield (*prefix, name), value


def read_document(
    path: Path, problems: Problems, *, shipped: Shipped | None = None, chain: tuple[Path, ...] = ()
) -> Document | None:
    """Read `path` and what it extends; note what is wrong in `problems` and return None if nothing can be used.

    Parameters
    ----------
    path : Path of a TOML file
    problems : Problems
        Where everything wrong is noted.
    shipped : function, optional
        Finds a shipped file by name, for an `extends` without `.toml`.
    chain : tuple of Path
        The files that extend this one.

    Returns
    -------
    Document or None
    """
    data = _parse(path, problems)
    return None if data is None else _extended(path, data, problems, shipped, chain)


def given_document(
    data: Mapping[Any, Any], place: Path, problems: Problems, *, shipped: Shipped | None = None
) -> Document:
    """Return a mapping as the document that a file with the same keys would be, with what it extends.

    Parameters
    ----------
    data : mapping
    place : Path
        Stands for the file, `GIVEN` or `COMMAND_LINE`, in the folder where what it extends is looked for.
    problems : Problems
    shipped : function, optional
        As of `read_document`.
    """
    found: dict[str, Any] = plain(data)
    sound = _check_values(found, display(place), problems, nothing="None")
    return _extended(place, found if sound else {}, problems, shipped, ())


def given_leaves(document: Document) -> dict[str, Any]:
    """Return the tables of a document with only those of its values that no file gave."""
    found: dict[str, Any] = {}
    for key, value in flatten(document.data):
        if no_file(document.origins.get(key, document.path)):
            table = found
            for part in key[:-1]:
                table = table.setdefault(str(part), {})
            table[str(key[-1])] = value
    return found


def _extended(
    path: Path, data: dict[str, Any], problems: Problems, shipped: Shipped | None, chain: tuple[Path, ...]
) -> Document:
    """Return a file's own data laid over what it extends."""
    extends = data.pop("extends", None)
    own = Document(path, data, dict.fromkeys((key for key, _ in flatten(data)), path))
    if extends is None:
        return own
    chain = (*chain, _real(path))
    base = _base(path, extends, shipped, chain)
    if isinstance(base, str):
        problems.add(display(path), "extends", base, given=show_value(extends))
        return own
    parent = read_document(base, problems, shipped=shipped, chain=chain)
    return own if parent is None else laid_over(parent, own)


def _base(path: Path, extends: Any, shipped: Shipped | None, chain: tuple[Path, ...]) -> Path | str:
    """Return the file that `path` extends, or say why it cannot."""
    named = isinstance(extends, str) and not extends.endswith(".toml")
    base = None
    if isinstance(extends, str):
        base = (shipped(extends) if shipped else None) if named else path.parent / extends
    if base is None:
        return "must be the name of a TOML file in the same folder" + (" or of a shipped one" if shipped else "")
    if not named and (Path(extends).name != extends or _real(base).parent != _real(path.parent)):
        return "must lie in the same folder as the file that extends it; a path may not leave its folder"
    if _real(base) in chain:
        return "goes round in a circle; a file cannot extend itself, directly or through others"
    if len(chain) > MAX_EXTENDS:
        return f"more than {MAX_EXTENDS} files extend one another; merge some of them"
    return base


def _real(path: Path) -> Path:
    """Return where `path` leads; itself if that is nowhere."""
    try:
        return path.resolve()
    except (ValueError, OSError, RuntimeError):
        return path


def read_json(path: Path, problems: Problems) -> Document | None:
    """Read a JSON file that holds one object; note what is wrong in `problems`, None if nothing can be used.

    What TOML refuses by itself is refused here too: a key that is there twice, null, NaN and infinity.
    """
    found = _parse(path, problems, "JSON")
    return None if found is None else Document(path, found)


def _parse(path: Path, problems: Problems, form: str = "TOML") -> dict[str, Any] | None:
    text = read_text(path, form, problems)
    if text is None:
        return None
    text = text.replace("\r\n", "\n")
    try:
        data = tomllib.loads(text) if form == "TOML" else json.loads(text, object_pairs_hook=_Object)
    except (tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        wrong = f"not valid {form}: {error}{_unseen(text, str(error))}"
    except (RecursionError, MemoryError):
        wrong = f"nested more than {MAX_DEPTH} deep; flatten it"
    except (ValueError, OverflowError) as error:
        long = "digits" in str(error)  # Python refuses to read a number of more than 4,300
        wrong = "a whole number has too many digits" if long else f"not valid {form}: {error}"
    else:
        if isinstance(data, dict):
            return data if _check_values(data, display(path), problems) else None
        problems.add(display(path), "", "must hold one object, { ... }", given=show_value(data))
        return None
    problems.add(display(path), "", wrong)
    return None


class _Object(dict[str, Any]):
    """An object of a JSON file, which knows the keys that it has more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(name for name, _ in pairs)
        self.twice = [name for name in self if counts[name] > 1]


def _check_values(data: dict[str, Any], where: str, problems: Problems, *, nothing: str = "null") -> bool:
    """Note what no file of a case can hold, anywhere; whether it is nested no deeper than allowed.

    That is NaN, infinity, whole numbers that no float holds and, what only JSON or Python can bring, nothing, a key
    twice and half of a character. Walks with a list, so depth cannot overflow it. A number that is noted stays in its
    place as NaN, so that the rest of the file is checked too.
    """
    stack: list[tuple[Key, Any]] = [((), data)]
    while stack:
        key, table = stack.pop()
        if len(key) > MAX_DEPTH:
            problems.add(where, show_key(key[:4]) + "...", f"nested more than {MAX_DEPTH} deep; flatten it")
            return False
        for name in getattr(table, "twice", ()):
            problems.add(where, show_key((*key, name)), "is there twice")
        parts = list(table.items() if isinstance(table, dict) else enumerate(table))
        stack += [((*key, name), part) for name, part in reversed(parts) if isinstance(part, dict | list)]
        for name, value in parts:
            text = given = ""
            if isinstance(value, float) and not math.isfinite(value):
                text, given = "must be a finite number", show_value(value)
            elif isinstance(value, int) and abs(value) > 2**63:
                text, given = "is too large a whole number", show_value(value)
                table[name] = math.nan
            elif value is None:
                text = f"must not be {nothing}; leave the key out"
            elif any(isinstance(part, str) and _LONE.search(part) for part in (name, value)):
                text = "holds half of a character (\\ud800 to \\udfff); write the whole one in UTF-8"
            if text:
                shown = show_key((*key, name)).encode("utf-8", "replace").decode()
                problems.add(where, shown, text, given=given)
    return True


def read_text(path: Path, form: str, problems: Problems) -> str | None:
    """Return the text of a file, with the line ends that it has; None if it cannot be read, which is noted.

    Parameters
    ----------
    path : Path
    form : what the file should be, such as `"TOML"`
    problems : Problems
    """
    where = display(path)
    try:
        if not path.is_file():
            there = "is not an ordinary file" if path.exists() else "no such file"
            problems.add(where, "", f"is a folder, not a {form} file" if path.is_dir() else there)
            return None
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        problems.add(where, "", f"cannot be read: {getattr(error, 'strerror', None) or error}")
        return None
    if len(raw) > MAX_BYTES:
        problems.add(where, "", f"larger than {MAX_BYTES:,} bytes; leave out what the case does not need")
        return None
    hint = "save the file as UTF-8" + (" (in Excel: CSV UTF-8, comma delimited)" if form == "CSV" else "")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        problems.add(where, "", f"is UTF-16; {hint}")
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        problems.add(where, "", f"byte {error.start}, in line {line}, is not UTF-8; {hint}")
        return None


def _unseen(text: str, error: str) -> str:
    """Return the line of a syntax error if something in it cannot be seen."""
    found = re.search(r"line (\d+)", error)
    line = text.split("\n")[int(found[1]) - 1].strip() if found else ""
    return "" if line.replace("\t", " ").isprintable() else f"; the line is {show_value(line)}"


def show_key(key: Key) -> str:
    """Return a key as users write it: `tie[3].weight`, `drivers."attacks.iraq".rate`."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else ("." if text else "") + quote_key(part)
    return text


def laid_over(parent: Document, child: Document) -> Document:
    """Lay `child` over `parent`: tables merge, everything else, a `prior` and a text in two languages are replaced."""
    data = _merge_tables(parent.data, child.data)
    leaves = {key for key, _ in flatten(data)}
    origins = {key: path for key, path in {**parent.origins, **child.origins}.items() if key in leaves}
    return Document(child.path, data, origins, (parent.path, *parent.bases))


def _merge_tables(parent: Mapping[str, Any], child: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(parent)
    for name, value in child.items():
        below = merged.get(name)
        if isinstance(below, Mapping) and isinstance(value, Mapping) and not _is_whole(name, value):
            merged[name] = _merge_tables(below, value)
        else:
            merged[name] = value
    return merged


def _is_whole(name: str, table: Mapping[str, Any]) -> bool:
    """Whether a table means one thing: a prior, or a text in several languages. Its parts are never mixed."""
    text = bool(table) and set(table) <= CODES and all(isinstance(said, str) for said in table.values())
    return text or name == "prior"
