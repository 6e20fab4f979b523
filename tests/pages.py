"""A page of the docs taken apart into its blocks, and followed as a reader would: in order, in one empty folder."""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import re
import shlex
import subprocess
import tomllib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

# Lines that give no size are run with these: what they do is tried, not what comes out.
SMALL: Mapping[str, Mapping[str, str | None]] = {
    "run": {"--draws": "10", "--paths": "10", "--no-figures": None},
    "calibrate": {"--islands": "2", "--draws": "40", "--paths": "20", "--keep": "40"},
    "backtest": {"--islands": "2", "--draws": "40", "--paths": "20", "--no-figures": None},
    "claims": {"--draws": "20", "--paths": "10"},
    "compare": {"--draws": "10", "--paths": "10"},
    "explain": {"--draws": "10", "--paths": "10"},
    "remove": {"--draws": "10", "--paths": "10"},
    "shapley": {"--draws": "10", "--paths": "10"},
}
TOO_LONG = "takes minutes"  # said in a line's comment: only its options are looked at
REFUSED = "exit code 2"  # said in a line's comment: the line shows an error
SET_UP = ("pip", "python3", "source", ".venv/bin/pip")  # a reader does this before; the tests run where it is done
TEXTS = ("text", "bibtex", "html")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the word after that, its text, the line it begins on, and whether the block
    stands right below the one before."""

    language: str
    word: str
    text: str
    line: int
    follows: bool


def blocks(page: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    end = 0
    for found in re.finditer(r"^(```+)(\S*) ?([^\n]*)\n(.*?)^\1$", page, re.DOTALL | re.MULTILINE):
        line = page.count("\n", 0, found.start()) + 1
        yield Block(found[2], found[3].strip(), found[4], line, page[end : found.start()].strip() == "" and end > 0)
        end = found.end()


@dataclass(frozen=True)
class Line:
    """A line of a console block: its words, what is said behind `#`, and what is shown below it."""

    words: list[str]
    comment: str
    shown: str


def console(text: str) -> Iterator[Line]:
    """Yield the lines that begin with `$`, each with what is shown below it."""
    for piece in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = piece.partition("\n")
        comment = re.search(r"\s#\s.*$", command)
        yield Line(shlex.split(command, comments=True), comment[0].strip() if comment else "", shown)


def small(words: list[str]) -> list[str]:
    """Return a command line with small sizes where it gives none of its own."""
    given = {word.partition("=")[0] for word in words}
    added = [(name, value) for name, value in SMALL.get(words[1], {}).items() if name not in given]
    return [*words, *(part for name, value in added for part in (name, value) if part is not None)]


def targets() -> set[str]:
    """Return the targets that the Makefile declares."""
    found = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    return set(found[1].split())


class Reader:
    """Follows a page in the working folder; whatever does not do what the page says is an `AssertionError`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.written: set[str] = set()
        self.printed = ""
        self.tried = 0

    def follow(self, page: str) -> int:
        """Do what every block says; return how many blocks were done."""
        before = ""
        for block in blocks(page):
            where = f"{self.name}, line {block.line}"
            if block.language == "python":
                self._python(block, where)
            elif block.language == "console":
                for line in console(block.text):
                    self._line(line, where)
            elif block.language in ("toml", "csv"):
                self._file(block, where)
            elif block.language == "json":
                json.loads(block.text)
            elif block.language == "text" and before == "python" and block.follows:
                agree(block.text, self.printed, where)
            else:
                known = block.language in TEXTS or block.language.startswith("{")
                assert known, f"{where}: nobody knows what to do with a block of {block.language!r}"
            self.tried += block.language in ("python", "console", "toml", "csv", "json")
            before = block.language
        return self.tried

    def _python(self, block: Block, where: str) -> None:
        import matplotlib.pyplot as plt

        code = compile("\n" * (block.line) + block.text, self.name, "exec")
        with contextlib.redirect_stdout(io.StringIO()) as out, warnings.catch_warnings():
            warnings.simplefilter("error")
            exec(code, self.names)
        plt.close("all")
        self.printed = out.getvalue()

    def _line(self, line: Line, where: str) -> None:
        command = line.words[0]
        said = f"{where}: {shlex.join(line.words)}"
        if command == "hudna":
            options_are_known(line.words, said)
            if TOO_LONG in line.comment:
                return
            words = line.words if line.shown.strip() or REFUSED in line.comment else small(line.words)
            code, printed = hudna(words[1:])
            assert code == (2 if REFUSED in line.comment else 0), f"{said}: exit code {code}\n{printed}"
            if line.shown.strip():
                agree(line.shown, printed, said)
        elif command == "make":
            assert set(line.words[1:]) <= targets(), said
        elif command in ("mkdir", "cat"):
            done = subprocess.run(line.words, capture_output=True, text=True, encoding="utf-8")
            assert done.returncode == 0, f"{said}: {done.stderr}"
            if line.shown.strip():
                agree(line.shown, done.stdout, said)
        else:
            assert command in SET_UP, f"{said}: no such command is known to the tests"

    def _file(self, block: Block, where: str) -> None:
        """Write a file that the block names, in its first line or behind its language; a later block goes on."""
        named = re.match(r"# (\S+\.toml)(, continued)?$", block.text, re.MULTILINE)
        name = block.word or (named[1] if named else "")
        if not name:
            assert block.language == "toml", f"{where}: a table must say its file's name"
            tomllib.loads(block.text)
            return
        if named:
            assert bool(named[2]) == (name in self.written), f"{where}: {name} is continued, or is it not?"
        path = Path(name)
        assert not path.is_absolute(), where
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if name in self.written else "w", encoding="utf-8") as file:
            file.write(("\n" if name in self.written else "") + block.text)
        self.written.add(name)


def hudna(arguments: list[str]) -> tuple[int, str]:
    """Run a command; return its exit code and what stays on a terminal: of the progress on stderr nothing does."""
    from hudna.cli.main import main

    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = main(arguments)
    return code, out.getvalue() + (err.getvalue() if code else "")


def options_are_known(words: list[str], said: str) -> None:
    """Hold a line's command and options against those that there are."""
    import typer

    from hudna.cli.main import app

    commands: Any = typer.main.get_command(app)
    if len(words) < 2 or words[1].startswith("-"):
        return
    assert words[1] in commands.commands, said
    options = {name for option in commands.commands[words[1]].params for name in option.opts}
    given = {word.partition("=")[0] for word in words[2:] if word.startswith("--")}
    assert given <= {*options, "--help"}, f"{said}: no such option: {given - options}"


def agree(shown: str, printed: str, where: str) -> None:
    """Hold what a page shows against what was printed; `...` stands for anything."""
    want, got = ("\n".join(line.rstrip() for line in text.strip("\n").splitlines()) + "\n" for text in (shown, printed))
    same = doctest.OutputChecker().check_output(want, got, doctest.ELLIPSIS)
    assert same, f"{where}\n--- the page shows\n{want}--- printed was\n{got}"
