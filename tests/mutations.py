"""The small case's files with mistakes in them: chosen ones, or lines and values lost, doubled, swapped at random."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

from hudna import shipped
from hudna.cli import main

__all__ = ["FILES", "edited", "mutate", "said", "texts", "write"]

FILES = ("scenarios/two-militias.toml", *(f"params/two-militias/{name}.toml"
         for name in ("case", "actors", "ties", "drivers", "parameters")))  # fmt: skip

ODD = (
    "0", "-1", "1", "2", "1e308", "-1e308", "1e-320", "0.5", "nan", "inf", "true", "false", '""', '"x"', '"{}"', "[]",
    "{}", "[[]]", "[1, 2]", '["a"]', '["attacks.*"]', "[[2024-01-01, 1]]", "[[2024-01-01, -1.0]]", "2024-01-01",
    "0001-01-01", "9999-12-31", "2024-01-01T00:00:00", "12:00:00", "99999999999999999999999", "9223372036854775807",
    '"pressure"', '"attacks.*"', '"truce"', '"truce.broken"', '"attack_rate"', '"anger.NORTH"', '"strikes"',
    '"anger.*.threat"', '"*"', '"x.*"', '"\\u0000"', '"\\n"', '"é"', "{ en = 1 }", "{ a = { b = {} } }",
    '{ holds = 1, broken = "x" }', "{ attacks = 1 }", '{ "attacks.*" = "attack_rate" }',
    '{ family = "fixed", value = 0 }', '{ family = "beta", mean = 0.5, sd = 1e-9 }',
    '{ family = "normal", mean = 0, sd = 1e300 }', '{ family = "gamma", p5 = 1e-300, p95 = 1e300 }',
    '{ family = "beta", p5 = 0.4999, p95 = 0.5 }', '{ family = "lognormal", mean = 1, sd = 1e200 }',
    '{ family = "pert", low = 0, mode = 0, high = 1e-300 }', '{ family = "triangular", low = 0, mode = 1, high = 1 }',
    '{ family = "normal", mean = 0, sd = 1, lower = 8 }', '{ family = "gamma", shape = 1e-10, rate = 1e10 }',
    '{ family = "uniform", low = -1e308, high = 1e308 }', '{ family = "gamma", mean = 1e-300, sd = 1e-10 }',
    '{ family = "beta", a = 1e-300, b = 1e300 }',
)  # fmt: skip
WORDS = (
    "attacks", "truce", "GOV", "NORTH", "presence", "strikes", "anger", "pressure", "time", "policy", "draw", "path",
    "quantile", "start", "rate", "kind", "name", "stay", "leave", "threat", "cross", "size", "free", "holds", "-> ",
    "{}", "a/b", '"a b"', "''", '"attacks.NORTH"', "per", "overrides", "toward", "extends", "unit", "window",
)  # fmt: skip


def texts() -> dict[str, str]:
    """Return the files of the shipped small case."""
    scenario, folder = shipped.scenario("two-militias"), shipped.case("two-militias")
    assert scenario is not None
    assert folder is not None
    return {
        name: (scenario if name == FILES[0] else folder / Path(name).name).read_text(encoding="utf-8") for name in FILES
    }


def edited(*edits: tuple[str, str, str]) -> dict[str, str]:
    """Return the files with some texts replaced, each of which has to be there."""
    found = texts()
    for name, old, new in edits:
        assert old in found[name], old
        found[name] = found[name].replace(old, new, 1)
    return found


def mutate(texts: dict[str, str], dice: random.Random) -> dict[str, str]:
    """Return the files with one to three mistakes in them."""
    texts = dict(texts)
    for _ in range(dice.choice((1, 1, 2, 3))):
        name = dice.choice(list(texts))
        texts[name] = dice.choice(_KINDS)(texts[name], dice)
    return texts


def write(texts: dict[str, str], folder: Path) -> Path:
    """Write the files below `folder`, which is emptied first; return the scenario's."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
    return folder / FILES[0]


def said(capsys, folder: Path) -> list[str]:
    """Run the check and return what it says is wrong, files without the folder's own path."""
    code = main(["check", str(folder / FILES[0])])
    out, err = capsys.readouterr()
    assert code == 2, out + err
    assert out == ""
    assert "Traceback" not in err
    return [line.replace(f"{folder}/", "").replace(f"{folder.resolve()}/", "") for line in err.splitlines()]


def _lines(text: str, dice: random.Random) -> tuple[list[str], int]:
    lines = text.splitlines() or [""]
    return lines, dice.randrange(len(lines))


def _delete(text: str, dice: random.Random) -> str:
    lines, i = _lines(text, dice)
    return "\n".join(lines[:i] + lines[i + 1 :])


def _delete_block(text: str, dice: random.Random) -> str:
    blocks = text.split("\n\n")
    i = dice.randrange(len(blocks))
    return "\n\n".join(blocks[:i] + blocks[i + 1 :])


def _double(text: str, dice: random.Random) -> str:
    lines, i = _lines(text, dice)
    return "\n".join([*lines[: i + 1], *lines[i:]])


def _move(text: str, dice: random.Random) -> str:
    lines, i = _lines(text, dice)
    line = lines.pop(i)
    lines.insert(dice.randint(0, len(lines)), line)
    return "\n".join(lines)


def _cut(text: str, dice: random.Random) -> str:
    return text[: dice.randrange(len(text) + 1)]


def _odd_value(text: str, dice: random.Random) -> str:
    lines, i = _lines(text, dice)
    key, found, _ = lines[i].partition(" = ")
    lines[i] = f"{key} = {dice.choice(ODD)}" if found else lines[i]
    return "\n".join(lines)


def _odd_part(text: str, dice: random.Random) -> str:
    """Swap a value inside a line, such as one of an inline table."""
    places = list(re.finditer(r'(?<=[=\[,] )("[^"]*"|[-\d.]+|\d{4}-\d\d-\d\d)', text))
    if not places:
        return text
    place = dice.choice(places)
    return text[: place.start()] + dice.choice(ODD) + text[place.end() :]


def _rename(text: str, dice: random.Random) -> str:
    places = list(re.finditer(r"[A-Za-z_]+", text))
    if not places:
        return text
    place = dice.choice(places)
    return text[: place.start()] + dice.choice(WORDS) + text[place.end() :]


def _swap_values(text: str, dice: random.Random) -> str:
    lines = text.splitlines()
    rows = [i for i, line in enumerate(lines) if " = " in line]
    if len(rows) < 2:
        return text
    i, j = dice.sample(rows, 2)
    (a, _, x), (b, _, y) = lines[i].partition(" = "), lines[j].partition(" = ")
    lines[i], lines[j] = f"{a} = {y}", f"{b} = {x}"
    return "\n".join(lines)


def _insert(text: str, dice: random.Random) -> str:
    lines, i = _lines(text, dice)
    key = dice.choice(WORDS)
    lines.insert(
        i, dice.choice((f"{key} = {dice.choice(ODD)}", f"[{key}]", f"[{key}.{dice.choice(WORDS)}]", f"[[{key}]]"))
    )
    return "\n".join(lines)


def _noise(text: str, dice: random.Random) -> str:
    i = dice.randrange(len(text) + 1)
    return (
        text[:i]
        + dice.choice(("\x00", "\t", '"', "'", "[", "]", "{", "=", "#", "é", "\u202e", "1", "-", "."))
        + text[i:]
    )


_KINDS = (_delete, _delete_block, _double, _move, _cut, _odd_value, _odd_value, _odd_value, _odd_part, _odd_part,
          _rename, _rename, _swap_values, _insert, _noise)  # fmt: skip
