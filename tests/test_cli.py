"""The command line: exit codes, what goes to stdout and what to stderr, JSON for machines."""

from __future__ import annotations

import ctypes
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
import typer
from matplotlib import pyplot as plt
from rich.cells import cell_len

import hudna
from hudna import shipped
from hudna.case.load import FILES
from hudna.cli import main
from hudna.cli.commands import app
from hudna.cli.printing import print_lines, progress_bar
from hudna.scenario.schema import KINDS_OF_FILE, json_schema
from hudna.text.table import as_csv

SMALL = ["--draws", "6", "--paths", "5"]
HEAVY = ("numpy", "scipy", "pandas", "xarray", "matplotlib", "pydantic", "h5netcdf", "numba")


def call(*arguments: str, cwd: Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the command as its own process."""
    command = [sys.executable, "-m", "hudna", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False, **more)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_tables_are_plain_text_when_piped(here):
    done = call("run", "two-militias", *SMALL, "--no-figures", cwd=here)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "…" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
    for text in ("Attacks in a year (attacks)", "Stay", "MC error", "never", "Leave less Stay", "lower", "exposure"):
        assert text in done.stdout
    assert f"Written to {Path('out/two-militias')}" in done.stdout


def test_a_language_that_a_case_brings_is_that_of_its_labels_amid_english_words(here, capsys):
    shipped.copy("two-militias", here)
    for file in here.rglob("*.toml"):
        text = re.sub(r'en = "([^"]*)"', r'en = "\1", fr = "fr:\1", ckb = "ک:\1"', file.read_text("utf-8"))
        file.write_text(text, "utf-8")
    scenario = "scenarios/two-militias.toml"
    for arguments, texts in (
        (
            ["run", scenario, *SMALL, "--out", "out"],
            ("fr:Attacks in a year (fr:attacks)", "fr:Leave less fr:Stay", "MC error"),
        ),
        (["show", "out"], ("fr:Stay or leave: 6 draws x 5 paths", "fr:Mean pressure", "MC error")),
        (["explain", scenario, *SMALL], ("fr:Northern militia", "fr:Attacks by the militias", "total (log odds)")),
        (["network", "params/two-militias"], ("fr:Two militias", "fr:Southern militia", "Who reaches whom")),
    ):
        main([*arguments, "--lang", "fr"])
        said = capsys.readouterr().out
        assert [text for text in texts if text not in said] == []
        assert not re.search("[\u0600-\u06ff]", said)
    result = hudna.open_result("out/result.nc")
    for lang, side, label in (("fr", "left", "fr:Mean pressure"), ("ckb", "right", "ک:Mean pressure")):
        axes = hudna.plot.outcome(result, "pressure", lang=lang)
        assert axes.get_title(loc=side) == label
        assert "weeks 0 to 52" in axes.texts[-1].get_text()
        plt.close(axes.figure)
    for lang, text in (("de", "must be 'en', 'ar', 'fr' or 'ckb'"), ("french", "must be 'en', 'ar', 'fr' or 'ckb'")):
        with pytest.raises(hudna.InputError, match=f"lang = '{lang}': {text}"):
            result.table(lang)
        done = call("run", scenario, "--lang", lang, cwd=here)
        assert (done.returncode, done.stdout) == (2, "")
        assert text in done.stderr
    file = here / scenario
    file.write_text(file.read_text("utf-8").replace('fr = "fr:Stay"', 'xx = "fr:Stay"'), "utf-8")
    done = call("check", scenario, cwd=here)
    assert done.returncode == 2
    assert "policies.stay.name" in done.stderr
    assert "'xx' is no language" in done.stderr


def test_a_run_that_is_too_small_for_intervals_shows_none_and_says_so(here, capsys):
    note = {"en": "2 draws x 1 path: too few for 90 % intervals over draws", "ar": "عينتان، مسار واحد: أقل مما يلزم"}
    for lang, text in note.items():
        assert main(["run", "two-militias", "--draws", "2", "--paths", "1", "--no-figures", "--lang", lang]) == 0
        out = capsys.readouterr().out
        assert text in out
        assert "[" not in out
    for arguments in (
        ["run", "two-militias", "--no-figures"], ["compare", "two-militias"], ["remove", "two-militias", "strikes"],
        ["explain", "two-militias"], ["claims", "two-militias", "--only", "T1"],
    ):  # fmt: skip
        for draws, small in (("2", True), ("19", False)):
            size = ["--draws", draws, "--paths", "2"]
            assert main([*arguments, *size, "--json"]) == 0
            assert (json.loads(capsys.readouterr().out)["note"] is not None) == small
        assert main([*arguments, "--draws", "2", "--paths", "2"]) == 0
        assert "too few for 90 % intervals" in capsys.readouterr().out


@pytest.mark.parametrize(("lang", "said"), [("en", "on every path"), ("ar", "في كل المسارات")])
def test_what_is_equal_on_every_path_is_said_to_be(here, capsys, lang, said):
    """The first weeks are the same under both policies; nothing else is."""
    options = ["--draws", "20", "--paths", "20", "--no-figures", "--lang", lang]
    assert main(["run", "two-militias", *options]) == 0
    out = capsys.readouterr().out
    (line,) = [line for line in out.splitlines() if said in line]
    assert line.split()[0] == "0"
    assert "[0, 0]" in line


def test_the_headline_is_printed_and_the_rest_on_demand(here, capsys):
    scenario = Path("study/scenarios/two-militias.toml")
    assert main(["copy", "two-militias", "study"]) == 0
    text = scenario.read_text(encoding="utf-8")
    begins = text.index("headline = ")
    scenario.write_text(
        text[:begins] + 'headline = ["truce", "pressure"]' + text[text.index("\n", begins) :], encoding="utf-8"
    )
    run = ["run", str(scenario), *SMALL, "--no-figures"]
    capsys.readouterr()
    assert main(run) == 0
    short = capsys.readouterr().out
    assert "Mean pressure (index, 0 to 1)" in short
    assert "Attacks in a year" not in short
    assert "exposure" not in short  # no difference that is shown has it
    assert "Further outcomes in outcomes.csv and differences.csv: 3; --all prints them." in short
    assert main([*run, "--all"]) == 0
    whole = capsys.readouterr().out
    assert "Attacks in a year" in whole
    assert "Further outcomes" not in whole
    assert len(hudna.open_result("out/two-militias/result.nc").table()) == 2 * 4


def test_what_a_run_started_from_is_told_in_both_languages(here, capsys):
    for options, told in [
        ([], ("From each node's start; parameters drawn from their priors", "المعاملات: من التوزيع القبلي")),
        (
            ["--as-of", "2024-01-01"],
            ("From the state of the world on 2024-01-01", "من الوضع القائم في 1 كانون الثاني 2024"),
        ),
    ]:
        for lang, text in zip(("en", "ar"), told, strict=True):
            assert main(["run", "two-militias", *SMALL, "--no-figures", "--lang", lang, *options]) == 0
            out = capsys.readouterr().out
            assert text in out
            assert ("draws x" in out) == (lang == "en")


def test_a_run_gives_the_numbers_of_the_package(here, capsys):
    assert main(["run", "two-militias", *SMALL, "--seed", "5", "--json", "--no-figures"]) == 0
    given = json.loads(capsys.readouterr().out)
    result = hudna.run("two-militias", draws=6, paths=5, seed=5)
    table, contrast = result.table(), result.contrast("leave", "stay")
    assert len(given["outcomes"]) == len(table)
    for row in given["outcomes"]:
        assert row["mean"] == table.loc[(row["policy"], row["outcome"]), "mean"]
    for row in given["differences"]:
        assert (row["a"], row["b"]) == ("leave", "stay")
        assert row["mean"] == contrast.loc[row["outcome"], "mean"]
    assert given["manifest"]["seed"] == 5


def test_options_reach_the_run(here, capsys):
    options = [
        "--policy",
        "leave",
        "--draws",
        "3",
        "--paths",
        "2",
        "--seed",
        "0",
        "--engine",
        "oracle",
        "--threads",
        "1",
    ]
    assert main(["run", "two-militias", *options, "--out", "mine", "--lang", "ar", "--no-figures", "--json"]) == 0
    given = json.loads(capsys.readouterr().out)
    assert given["differences"] == []
    assert {row["policy"] for row in given["outcomes"]} == {"leave"}
    result = hudna.open_result(here / "mine/result.nc")
    assert (result.policies, result.n_draws, result.n_paths, result.about["seed"]) == (("leave",), 3, 2, 0)
    table = (here / "mine/outcomes.csv").read_bytes()
    assert table.startswith("\ufeff".encode())  # by which Excel knows that it is UTF-8
    assert "الهجمات خلال عام" in table.decode("utf-8")
    assert [*pd.read_csv(here / "mine/outcomes.csv").columns][:3] == ["policy", "outcome", "name"]


def test_a_table_of_plain_letters_has_no_mark_and_a_posterior_may_have_one(here, capsys):
    table = pd.DataFrame({"name": ["a"], "n": [1]})
    assert as_csv(table) == "name,n\na,1\n"
    assert as_csv(table.assign(name="é")) == "\ufeffname,n\né,1\n"
    assert main(["copy", "iraq-2024", "mine"]) == 0
    path = here / "mine/params/iraq-2024/posterior.csv"
    path.write_bytes("\ufeff".encode() + path.read_bytes())
    assert main(["check", str(path.parent)]) == 0
    assert "posterior: 1,000 draws" in capsys.readouterr().out


def test_one_draw_of_one_path_has_no_errors_to_show(here, capsys):
    assert main(["run", "two-militias", "--draws", "1", "--paths", "1", "--no-figures"]) == 0
    assert "nan" not in capsys.readouterr().out
    assert main(["run", "two-militias", "--draws", "1", "--paths", "1", "--no-figures", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["outcomes"][0]["mcse"] is None


def test_every_wrong_argument_is_said_at_once(here, capsys):
    wrong = ["--draws", "0", "--paths", "-1", "--seed", "-3", "--policy", "lave", "--engine", "orcle", "--threads", "0"]
    assert main(["run", "two-militias", *wrong]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 6
    assert "run: engine = 'orcle': must be one of auto, vm, oracle; did you mean 'oracle'?" in err
    assert "run: policies = 'lave': there is no such policy; did you mean 'leave'?; policies: stay, leave" in err
    assert not (here / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "two-militias", "--draws", "many"],
        ["run", "two-militias", "--drawz", "3"],
        ["rnu"],
        ["--wrong"],
        ["run", "two-militias", "--lang", "fr"],
        ["schema", "driver"],
        ["copy", "two-milita", "x"],
        ["show", "no-such"],
    ],
)
def test_wrong_arguments_exit_with_2_and_a_line(arguments, here, capsys):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "x", "--draws", "many"], "hudna run: --draws = 'many': must be a whole number"),
        (["backtest", "x", "--every=1.5"], "hudna backtest: --every = '1.5': must be a whole number"),
        (["run"], "hudna run: Missing argument 'SCENARIO'; see hudna run --help"),
        (["run", "--draws"], "hudna: Option '--draws' requires an argument; see hudna --help"),
        (["list", "--lang", "fr"], "hudna: lang = 'fr': must be 'en' or 'ar'"),
    ],
)
def test_wrong_arguments_are_said_with_their_command(arguments, said, capsys):
    assert main(arguments) == 2
    assert capsys.readouterr().err.strip() == said


def test_errors_are_json_too(here, capsys):
    assert main(["run", "two-militia", "--json"]) == 2
    out, err = capsys.readouterr()
    (problem,) = json.loads(out)["problems"]
    assert set(problem) == {"where", "key", "given", "text"}
    assert problem["where"] == "two-militia"
    assert "did you mean 'two-militias'?" in problem["text"]
    assert len(err.splitlines()) == 1
    assert main(["run", "--json"]) == 2
    assert len(json.loads(capsys.readouterr().out)["problems"]) == 1


def test_a_run_that_has_to_stop_exits_with_1_and_leaves_nothing(write_case, here, capsys):
    drivers = '[n]\nkind = "events"\nname = "n"\nunit = "n"\nstart = 0\nrate = 1e300\n'
    path = write_case(drivers, outcomes='[outcomes.n]\nname = "n"\nsignal = "n"\nreduce = "sum"\n')
    before = sorted(here.rglob("*"))
    assert main(["run", str(path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("events n: the expected count in a step is above")
    assert len(err.splitlines()) == 1
    assert sorted(here.rglob("*")) == before


def test_no_bar_is_drawn_into_a_pipe_and_one_on_a_terminal(here):
    pty = pytest.importorskip("pty")
    main_end, terminal = pty.openpty()
    command = [sys.executable, "-m", "hudna.cli", "run", "two-militias", *SMALL]
    with subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, stderr=terminal) as process:
        os.close(terminal)
        seen = b""
        while True:
            try:
                part = os.read(main_end, 4096)
            except OSError:
                break
            if not part:
                break
            seen += part
        assert process.stdout is not None
        assert b"Outcomes" in process.stdout.read()
    os.close(main_end)
    assert process.returncode == 0
    assert b"Stay or leave" in seen
    assert b"Pictures" in seen
    assert b"Drawing pictures" not in seen  # that is for a log


def test_a_log_says_in_a_line_what_takes_its_time(capsys):
    for lang, said in (("en", "Compiling the engine"), ("ar", "يجري تجميع المحرك")):
        with progress_bar("Run", lang) as (progress, stage):
            progress(1, 2)  # a moment's work needs no line
            for name in ("filtering", "compiling", "simulating"):
                stage(name)
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 2
        assert lines[1].startswith(said)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP to ignore")
def test_a_signal_that_is_ignored_stays_ignored(capsys, monkeypatch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        monkeypatch.setattr(
            "hudna.scenario.describe.shipped_scenarios", lambda *_: signal.raise_signal(signal.SIGHUP) or []
        )
        assert main(["list", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"scenarios": []}
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to send")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interrupted_run_leaves_the_old_folder_and_no_litter(name, here):
    assert call("run", "two-militias", *SMALL, "--no-figures", cwd=here).returncode == 0
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    command = [sys.executable, "-m", "hudna.cli", "run", "two-militias", "--draws", "20000", "--paths", "100"]
    with subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not any((here / "out").glob(".*")) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.3)
        process.send_signal(getattr(signal, name))
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.splitlines()[-1]) == (1, "", "interrupted; nothing was written")
    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before
    assert [path.name for path in (here / "out").iterdir()] == ["two-militias"]


@pytest.mark.skipif(os.name == "nt", reason="no signal to send")
def test_an_interrupt_that_a_callback_swallows_comes_again(capsys, monkeypatch):
    swallowing = ctypes.CFUNCTYPE(None)(lambda: signal.raise_signal(signal.SIGTERM))

    def slow(*_):
        swallowing()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            time.sleep(0.01)
        return []

    monkeypatch.setattr("hudna.scenario.describe.shipped_scenarios", slow)
    assert main(["list"]) == 1
    assert capsys.readouterr() == ("", "interrupted; nothing was written\n")


@pytest.mark.skipif(os.name == "nt", reason="pipes break otherwise there")
def test_a_broken_pipe_is_quiet(here):
    command = [sys.executable, "-m", "hudna.cli", "schema", "scenario"]
    with subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_a_pipe_gets_utf_8_whatever_its_encoding(here):
    done = call(
        "run", "two-militias", *SMALL, "--no-figures", "--lang", "ar", cwd=here, encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("بقاء أم رحيل: 6 عينات")
    assert "?" not in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="no such shell there")
@pytest.mark.parametrize(("to", "said"), [(">&-", "standard output is closed"), (">/dev/full", "No space left")])
def test_output_that_cannot_be_written_is_no_success(to, said, here):
    if to == ">/dev/full" and not Path("/dev/full").exists():
        pytest.skip("no such device here")
    command = ["/bin/sh", "-c", f'exec "$0" "$@" {to}', sys.executable, "-m", "hudna", "copy", "two-militias", "mine"]
    done = subprocess.run(command, cwd=here, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert said in done.stderr
    assert (here / "mine").exists() == (to != ">&-")


COMMANDS = {
    "run": ["two-militias", *SMALL, "--no-figures"],
    "list": [],
    "copy": ["two-militias", "other"],
    "check": ["mine/params/two-militias", "--rows"],
    "show": ["out/two-militias"],
    "schema": ["drivers"],
    "claims": ["two-militias", *SMALL],
    "compare": ["two-militias", *SMALL],
    "explain": ["two-militias", *SMALL],
    "remove": ["two-militias", "attacks.NORTH", *SMALL],
    "shapley": ["mine/scenarios/two-militias.toml", "attacks", "leave", *SMALL],
    "sensitivity": ["two-militias", "pressure", "stay", "--draws", "120", "--paths", "10"],
    "score": ["out/two-militias", "later.csv"],
    "calibrate": ["mine/params/two-militias", "--islands", "2", "--draws", "20", "--paths", "10"],
    "backtest": ["two-militias", "--horizon", "4", "--every", "13", "--islands", "2", "--draws", "20", "--paths", "10",
                 "--no-figures"],
    "network": ["two-militias"],
    "cache": [],
}  # fmt: skip


def test_every_command_gives_whole_json_and_speaks_arabic(here, monkeypatch):
    assert set(COMMANDS) == set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    came = "date_start,date_end,signal,value,qualifier\n2024-01-01,2024-01-28,attacks.*,3,exact\n"
    (here / "later.csv").write_text(came, encoding="utf-8")

    def printed(*arguments: str) -> bytes:
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="cp1252"))
        assert main(arguments) == 0, arguments
        sys.stdout.flush()
        return raw.getvalue()

    shipped.copy("two-militias", here / "mine")
    with (here / "mine/scenarios/two-militias.toml").open("a", encoding="utf-8") as file:
        file.write('[factors.north]\nname = "north"\nremove = ["attacks.NORTH"]\n')
    for command, given in COMMANDS.items():
        text = printed(command, *given, "--json").decode("ascii")  # so the same in cp1252, cp1256 and UTF-8
        assert json.loads(text), command
        assert command != "show" or re.search("[ء-ي]", str(json.loads(text)))
        if command not in ("copy", "schema", "calibrate"):  # paths and keys have no language; calibrate takes long
            assert re.search("[ء-ي]", printed(command, *given, "--lang", "ar").decode("utf-8")), command


@pytest.mark.parametrize("width", ["80", "120"])
def test_help_is_whole_in_groups_and_ends_with_examples(width, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", width)
    for command in ("", *COMMANDS):
        assert main([*filter(None, [command]), "--help"]) == 0
        out = capsys.readouterr().out
        assert "…" not in out, command
        assert max(map(len, out.splitlines())) <= int(width)
        assert re.search(rf"Examples:\s+hudna {command}", out), command
        groups = (" Run ", " Output ") if command == "run" else (" Ask ", "judged") if not command else ()
        assert all(group in out for group in groups)


@pytest.mark.parametrize(
    ("line", "found"),
    [("hudna ru", ["run"]), ("hudna run iraq", ["iraq-2024"]), ("hudna calibrate ", list(shipped.cases()))],
)
def test_a_shell_completes_commands_scenarios_and_cases(line, found, monkeypatch, capsys):
    for key, value in (("_HUDNA_COMPLETE", "complete_bash"), ("COMP_WORDS", line), ("COMP_CWORD", line.count(" "))):
        monkeypatch.setenv(key, str(value))
    with pytest.raises(SystemExit) as stop:
        main([])
    assert (stop.value.code, capsys.readouterr().out.split()) == (0, found)


def test_tables_fit_a_narrow_terminal(here, monkeypatch, capsys):
    run = ["run", "two-militias", *SMALL, "--no-figures"]

    def widest(arguments: list[str]) -> int:
        assert main(arguments) == 0
        return max(map(cell_len, capsys.readouterr().out.splitlines()))

    assert widest(run) > 80
    for columns in (80, 50):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert widest(run) <= columns
        assert widest(["network", "iraq-2024"]) <= columns


def test_help_imports_nothing_heavy(here):
    code = (
        "import sys, hudna.cli\n"
        "try:\n    hudna.cli.main(['--help'])\nfinally:\n"
        f"    print('HEAVY', [name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=here, check=True)
    assert done.stderr == "HEAVY []\n"
    for command in COMMANDS:
        assert re.search(rf"\n\W+{command} +[A-Z]", done.stdout)


def test_version(here, capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"hudna {hudna.__version__}\n"


def test_list_names_every_shipped_scenario_with_its_question(capsys):
    assert main(["list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["scenarios"]
    assert [entry["scenario"] for entry in found] == list(shipped.scenarios())
    assert all(entry["question"] and entry["case"] in shipped.cases() for entry in found)
    assert main(["list"]) == 0
    assert "two-militias  (case two-militias)" in capsys.readouterr().out


@pytest.mark.parametrize("name", shipped.scenarios())
def test_a_copy_is_whole_and_runs_on_its_own(name, here, capsys):
    assert main(["copy", name, "mine"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == str(Path(f"mine/scenarios/{name}.toml"))
    scenario = hudna.load(here / f"mine/scenarios/{name}.toml")
    assert scenario.case.folder.is_relative_to(here)
    assert main(["copy", name, "mine"]) == 2
    assert "exists already" in capsys.readouterr().err


def test_a_copy_that_was_cut_short_is_finished_by_the_next(here, capsys):
    assert main(["copy", "two-militias", "whole"]) == 0
    cut = (
        "import os, signal, pathlib, sys, hudna.cli\nreal, calls = pathlib.Path.replace, []\n"
        "def replace(self, target):\n    calls.append(self)\n"
        "    if len(calls) > int(sys.argv[1]):\n        os._exit(9)\n    return real(self, target)\n"
        "pathlib.Path.replace = replace\nsys.exit(hudna.cli.main(['copy', 'two-militias', 'mine']))"
    )
    for k, there in enumerate((set(), {"params"})):
        done = subprocess.run([sys.executable, "-c", cut, str(k)], cwd=here, check=False, capture_output=True)
        assert done.returncode == 9
        assert {path.name for path in (here / "mine").glob("[!.]*")} == there
        assert main(["copy", "two-militias", "mine"]) == 0
        assert tree(here / "mine") == tree(here / "whole")
        shutil.rmtree(here / "mine")
    capsys.readouterr()
    assert main(["copy", "two-militias", "mine"]) == 0
    changed = here / "mine/scenarios/two-militias.toml"
    changed.write_text(changed.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    shutil.rmtree(here / "mine/params")
    assert main(["copy", "two-militias", "mine"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert not (here / "mine/params").exists()


def test_a_copy_that_fails_leaves_nothing_behind(here, monkeypatch, capsys):
    real, calls = Path.replace, []

    def refuse(self: Path, target: Path) -> Path:
        calls.append(self)
        if len(calls) > 1:
            raise OSError(5, "Input/output error", str(target))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    (here / "mine").mkdir()
    assert main(["copy", "two-militias", "mine"]) == 1
    assert "Input/output error" in capsys.readouterr().err
    assert len(calls) == 2
    assert list((here / "mine").iterdir()) == []


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below `folder`, hidden ones too."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_copy_into_a_file_is_refused(here, capsys):
    (here / "taken").write_text("mine", encoding="utf-8")
    assert main(["copy", "two-militias", "taken"]) == 2
    assert main(["copy", "two-militias", "taken/below"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2
    assert (here / "taken").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", shipped.scenarios())
def test_shipped_scenarios_are_in_order(name, capsys):
    assert main(["check", name]) == 0
    assert capsys.readouterr().out.startswith("ok\nnodes: ")


def test_check_counts_a_case(capsys):
    folder = shipped.case("two-militias")
    assert main(["check", str(folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["nodes"] == {"schedule": 1, "regime": 1, "events": 2, "response": 1, "level": 3}
    assert found["parameters"] == {"evidence": 0, "judgement": 14, "calibrated": 0}
    assert (found["ties"], found["pressing"], found["problems"]) == (3, 3, [])


@pytest.mark.parametrize("name", shipped.scenarios())
def test_show_is_toml_that_says_what_the_files_say(name, capsys):
    assert main(["show", name]) == 0
    data = tomllib.loads(capsys.readouterr().out)
    scenario = hudna.load(name)
    assert data["scenario"] == scenario.document.data
    for role, document in scenario.case.documents.items():
        assert data[role] == document.data


def test_show_names_the_file_of_each_value_and_what_is_laid_over_it(write_case, capsys):
    drivers = '[n]\nkind = "events"\nname = "n"\nunit = "n"\nstart = 0\nrate = "r"\n'
    entry = 'unit = "1"\nprior = { family = "fixed", value = 1 }\nstatus = "judgement"\nsource = "x"\nnote = "\x7f"\n'
    entry = entry.replace("\x7f", "\\u007f")
    path = write_case(
        drivers,
        parameters=f"[r]\n{entry}",
        scenario=f'[parameters.r]\n{entry}[policies.a]\nname = "a"\n',
        outcomes='[outcomes.n]\nname = "n"\nsignal = "n"\nreduce = "sum"\n',
    )
    assert main(["show", str(path)]) == 0
    out = capsys.readouterr().out
    begins = {line for line in out.splitlines() if line.startswith("# ")}
    assert begins > {f"# files in {path.parents[1].as_posix()}", f"# {path.relative_to(path.parents[1]).as_posix()}"}
    (line,) = (line for line in out.splitlines() if line.startswith("parameters.r.unit"))
    assert line.endswith("  # the scenario has another")
    assert tomllib.loads(out)["parameters"]["r"]["note"] == "\x7f"
    assert main(["show", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["values"]["drivers"]["n"]["rate"] == "r"


def test_show_finds_names_in_keys_and_values(capsys):
    assert main(["show", "iraq-2024", "presence_power", "posture.start"]) == 0
    out = capsys.readouterr().out
    found = tomllib.loads(out)
    assert set(found) == {"parameters", "drivers", "claims", "posterior"}
    assert set(found["parameters"]) == {"presence_power"}
    assert found["drivers"]["attacks"]["exposure"] == {"presence.{}": "presence_power"}
    assert set(found["drivers"]["posture"]) == {"start"}
    assert main(["show", "iraq-2024", "presence_p*", "--json"]) == 0
    chosen = json.loads(capsys.readouterr().out)
    assert "unit" in chosen["values"]["parameters"]["presence_power"]
    assert "drivers.posture.start" not in chosen["origins"]
    assert main(["show", "iraq-2024", "presence_powr", "--json"]) == 2
    assert "did you mean 'presence_power'?" in capsys.readouterr().err


def test_show_prints_a_saved_run_again(here, capsys):
    assert main(["run", "two-militias", *SMALL, "--no-figures"]) == 0
    tables = capsys.readouterr().out.partition("Written to")[0]
    for given in ("out/two-militias", "out/two-militias/result.nc"):
        assert main(["show", given]) == 0
        again = capsys.readouterr().out
        assert again.startswith(tables)
        made = hudna.open_result("out/two-militias/result.nc").about
        assert all(made[key] in again for key in ("made", "engine", "config_hash", "program"))
    assert main(["show", "out/two-militias", "attacks"]) == 2
    assert main(["show", "out/two-militias", "--program"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_show_prints_the_program(capsys):
    assert main(["show", "two-militias", "--program"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("program ")
    assert "level pressure: log odds = pressure_base" in out


def plain(path: Path) -> Any:
    """Return a TOML file as JSON would hold it."""
    return json.loads(json.dumps(tomllib.loads(path.read_text(encoding="utf-8")), default=str))


def files(kind: str) -> list[Path]:
    """Return the shipped files of a kind."""
    if kind == "scenario":
        return [path for name in shipped.scenarios() if (path := shipped.scenario(name))]
    folders = [folder for name in shipped.cases() if (folder := shipped.case(name))]
    return [folder / FILES[kind] for folder in folders if (folder / FILES[kind]).exists()]


@pytest.mark.parametrize("kind", sorted({*KINDS_OF_FILE} - {"network"}))  # no shipped case has one; see test_network
def test_a_schema_fits_every_shipped_file(kind, capsys):
    assert main(["schema", kind]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator(schema)
    assert files(kind)
    for path in files(kind):
        assert [error.message for error in checker.iter_errors(plain(path))] == [], path


@pytest.mark.parametrize(
    ("kind", "mistake"),
    [
        ("scenario", {"wrong": 1}),
        ("scenario", {"weeks": 0}),
        ("case", {"evidence_until": 3}),
        ("actors", {"X": {"name": "x"}}),
        ("ties", {"tie": [{"source": "A"}]}),
        ("drivers", {"x": {"kind": "event"}}),
        ("drivers", {"x": {"kind": "schedule", "name": "x", "unit": "x", "start": "a", "interpolation": "linear"}}),
        ("parameters", {"x": {"unit": "1"}}),
        ("parameters", {"a": {"b": {"unit": "1"}}}),
    ],
)
def test_a_schema_sees_a_mistake(kind, mistake):
    checker = jsonschema.Draft202012Validator(json_schema(kind))
    whole = plain(next(path for path in files(kind) if "two-militias" in path.as_posix()))
    assert checker.is_valid(whole)
    assert not checker.is_valid({**whole, **mistake})


def test_a_schema_lets_a_part_be_completed_by_what_it_extends():
    checker = jsonschema.Draft202012Validator(json_schema("scenario"))
    assert checker.is_valid({"extends": "base.toml", "policies": {"a": {"note": "as before"}}})
    assert not checker.is_valid({"extends": "base.toml", "policies": {"a": {"nte": "as before"}}})
    assert not checker.is_valid({"policies": {"a": {"note": "as before"}}})


def test_drivers_and_parameters_may_be_grouped_by_name():
    table = {"kind": "schedule", "name": "x", "unit": "x", "start": 1, "interpolation": "linear"}
    checker = jsonschema.Draft202012Validator(json_schema("drivers"))
    assert checker.is_valid({"presence": {"iraq": table, "syria": table}})
    assert not checker.is_valid({"presence": {"iraq": table, "syria": {**table, "strat": 1}}})


def test_marks_keep_signs_and_latin_names_in_their_places_in_arabic(capsys):
    lines = [("الفرق  -40.2  [-66, -2.5]", False), ("يستند إلى r_a 0.25، r_b", False), ("T1  من 22 إلى 23-24", False)]
    print_lines(lines, "ar")
    ltr, rtl = "\u200e", "\u200f"
    marked = capsys.readouterr().out.splitlines()
    assert marked[0] == f"الفرق  {ltr}-40.2{rtl}  [{ltr}-66{rtl}, {ltr}-2.5{rtl}]"
    assert marked[1] == f"يستند إلى r_a 0.25،{rtl} r_b"  # none next to a name
    assert marked[2] == lines[2][0]
    print_lines(lines)
    assert capsys.readouterr().out.splitlines() == [line for line, _ in lines]
