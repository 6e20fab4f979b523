"""The option `--set KEY=VALUE`: values of a scenario changed on the command line, in the words of its file."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hudna.errors import Problems

if TYPE_CHECKING:
    from hudna.scenario import Scenario

__all__ = ["asked", "parsed"]


def asked(scenario: Scenario | str, changes: Sequence[str] | None) -> Scenario:
    """Return the scenario that a command is given, with what `--set` changes in it."""
    from hudna.case.documents import COMMAND_LINE
    from hudna.scenario import load
    from hudna.scenario.scenario import changed

    over = parsed(changes or ())
    question = load(scenario)
    return changed(question, over, COMMAND_LINE) if over else question


def parsed(changes: Sequence[str]) -> dict[str, Any]:
    """Return changes as one TOML table; a value that is one bare word, or several, is a text.

    Raises
    ------
    InputError
        With every change that cannot be read.

    Examples
    --------
    >>> parsed(["weeks=26", "starts.truce=broken"])
    {'weeks': 26, 'starts': {'truce': 'broken'}}
    """
    from hudna.case.documents import as_toml

    problems, lines = Problems(), []
    for change in changes:
        key, _, value = (part.strip() for part in change.partition("="))
        wrong = _wrong(f"{key} = 0")
        if wrong or not value:
            problems.add("--set", "", f"must be KEY=VALUE, such as weeks=26{wrong and ': '}{wrong}", given=repr(change))
            continue
        wrong = _wrong(f"{key} = {value}")
        if wrong and value[0] in "[{\"'":
            problems.add("--set", key, f"is not valid TOML: {wrong}", given=value)
        lines.append(f"{key} = {as_toml(value) if wrong else value}")
    problems.raise_if_any()
    wrong = _wrong("\n".join(lines))
    if wrong:
        problems.add("--set", "", f"these cannot be set together: {wrong}", given=repr(list(changes)))
    problems.raise_if_any()
    return tomllib.loads("\n".join(lines))


def _wrong(text: str) -> str:
    """Say why a text is not TOML; an empty text if it is."""
    try:
        tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        return str(error) or "it is nested too deep"
    return ""
