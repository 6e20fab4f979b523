"""Wrong input: everything that is wrong is said at once, each with file, key, value and what to do; exit 2."""

from __future__ import annotations

import pytest
from mutations import FILES, edited, said, texts, write

from hudna.cli import main
from hudna.errors import no_such

S, C, A, T, D, P = FILES
THREE = '["attack_rate", "attack_rate_south", "truce_breaks"]'
GROUP = f'[correlations.g]\nparameters = {THREE}\nsource = "invented"\nnote = "x"\n'
ASSUMED = '[assumptions.truce]\nnote = "x"'
SCENARIO_KEYS = ("name", "question", "case", "start", "weeks", "run", "policies", "outcomes")


SIZE = 'name = "Dead", unit = "persons", start = 0, mean = 2, dispersion = 1e7'
MISTAKES: dict[str, tuple[list[tuple[str, str, str]], list[str]]] = {
    "unknown key": (
        [(D, "start = 1.0", "strat = 2\nstart = 1.0")],
        ["drivers.toml: presence.strat = 2: unknown key; did you mean 'start'?; allowed: name, "],
    ),
    "unknown key in a scenario": (
        [(S, "weeks = 52", "weeks = 52\nwindw = 3")],
        [f"{S}: windw = 3: unknown key; allowed: name, question, "],
    ),
    "bool for a number": (
        [(D, "start = 1.0", "start = true")],
        ["drivers.toml: presence.start = true: must be a finite number"],
    ),
    "text for a table": (
        [(D, 'effects = { strikes = "strike_breaks_truce" }', 'effects = "strikes"')],
        ['drivers.toml: truce.transitions."holds -> broken".effects = "strikes": must be a table'],
    ),
    "number for a text": (
        [(P, 'unit = "1/week"', "unit = 3")],
        ["parameters.toml: truce_breaks.unit = 3: must be a text in quotes"],
    ),
    "text for a number": (
        [(S, "weeks = 52", 'weeks = "52"')],
        [f'{S}: weeks = "52": must be a whole number'],
    ),
    "list for a table": (
        [
            (P, 'prior = { family = "gamma", p5 = 0.03, p95 = 0.12 }', "prior = [1]"),
            (C, '[channels]\npolitical = "tie_political"', "channels = [1]"),
        ],
        [
            "parameters.toml: truce_breaks.prior = [1]: must be a table",
            "case.toml: channels = [1]: must be a table",
        ],
    ),
    "table for a list": (
        [(T, "[[tie]]", "[tie]"), (T, "[[tie]]", "[tie.b]"), (T, "[[tie]]", "[tie.c]")],
        ["ties.toml: tie: must be a list of tables, each begun with [[tie]]"],
    ),
    "table for a kind": (
        [(D, 'kind = "schedule"', "kind = { a = 1 }")],
        ["drivers.toml: presence.kind = { a = 1 }: must be one of schedule, regime, events, response, level"],
    ),
    "no unit, source, status, prior or name": (
        [
            (P, 'unit = "1/week"\n', ""),
            (P, 'source = "invented"\n', ""),
            (P, 'status = "judgement"\n', ""),
            (P, 'prior = { family = "gamma", p5 = 0.05, p95 = 0.3 }\n', ""),
            (D, 'name = { en = "Truce of the militias", ar = "هدنة الميليشيات" }\n', ""),
        ],
        [
            "parameters.toml: truce_breaks.unit: is missing: such as",
            "parameters.toml: truce_breaks.source: is missing: a file under evidence/",
            "parameters.toml: truce_breaks.status: is missing: evidence",
            "parameters.toml: truce_returns.prior: is missing: such as",
            "drivers.toml: truce.name: is missing: what readers see",
        ],
    ),
    "NaN and infinity": (
        [(D, "start = 1.0", "start = nan"), (P, "p95 = 0.12", "p95 = inf")],
        [
            "drivers.toml: presence.start = nan: must be a finite number",
            "parameters.toml: truce_breaks.prior.p95 = inf: must be a finite number",
        ],
    ),
    "branching of 1": (
        [(D, "branching = 0.15", "branching = 1")],
        ["drivers.toml: attacks.branching = 1: must be in [0, 1); at 1 the cascade never dies out"],
    ),
    "numbers at the ends of what a computer holds": (
        [
            (D, "branching = 0.15", "branching = 0.15\ndispersion = 1.7e308"),
            (D, 'rate = "attack_rate"', "rate = 1e308"),
            (D, "half_life = 4\nsd = 0.4", "half_life = 1e-310\nsd = 1e301"),
            (D, "half_life = 4\nsd = 0.3", "half_life = 4\nsd = -1e301"),
            (D, 'probability = "strike_probability"', f"probability = 0.1\nsize = {{ {SIZE} }}"),
        ],
        [
            "attacks.dispersion = 1.7e+308: must be 0, or between 1e-300 and 1e+300 in size",
            "attacks.rate = 1e+308: must be 0, or between 1e-300 and 1e+300 in size",
            "strikes.size.dispersion = 10000000.0: must be >= 0, and at most 1e+06",
            "pressure.sd = -1e+301: must be >= 0",
            "anger.half_life = 1e-310: must be 0, or between",
            "anger.sd = 1e+301: must be 0, or between",
        ],
    ),
    "priors that leave a domain": (
        [(D, "branching = 0.15", 'branching = "truce_breaks"'), (D, '"strike_probability"', '"pressure_base"')],
        [
            'attacks.branching = "truce_breaks": must be in [0, 1); at 1 the cascade never dies out, but the prior of '
            "this parameter reaches from 0 to inf; truncate it with lower and upper",
            'strikes.probability = "pressure_base": must be in [0, 1], but the prior of this parameter reaches from',
        ],
    ),
    "priors that make no sense": (
        [
            (P, "p5 = 0.03, p95 = 0.12", "p5 = 0.12, p95 = 0.03"),
            (P, 'family = "uniform", low = 0, high = 1', 'family = "uniform", low = -1e308, high = 1e308'),
            (P, 'family = "lognormal", median = 2.0, sigma = 0.3', 'family = "lognormal", mean = 1, sd = 1e200'),
            (P, 'family = "beta", mean = 0.05, sd = 0.03', 'family = "beta", mean = 0.05'),
            (P, 'family = "gamma", mean = 1.0, sd = 0.5', 'family = "lognormal", median = 1e308, sigma = 0.5'),
        ],
        [
            "strike_angers.prior.median = 1e+308: must be 0, or between 1e-300 and 1e+300 in size",
            "truce_breaks.prior = { family = \"gamma\", p5 = 0.12, p95 = 0.03 }: the lower quantile 0.12 must be below",
            "presence_power.prior.low = -1e+308: must be 0, or between",
            "presence_power.prior.high = 1e+308: must be 0, or between",
            "attack_rate.prior = ",
            "truce_factor.prior = { family = \"beta\", mean = 0.05 }: a beta is given by mean and sd or a and b",
        ],
    ),
    "ties to nobody": (
        [(T, 'target = "GOV"', 'target = "GVO"')],
        ["ties.toml: tie[0].target = \"GVO\": there is no such actor; did you mean 'GOV'?"],
    ),
    "words that differ in what nobody sees": (
        [
            (A, 'kind = "militia"', 'kind = "militia\u200f"'),
            (T, 'kind = "', 'kind = "\u2067'),
        ],
        [
            'actors.toml: SOUTH.kind = "militia": is written "militia\\u200f" elsewhere; write both alike',
            "elsewhere; write both alike (cannot be seen: \\u2067 RIGHT-TO-LEFT ISOLATE)",
        ],
    ),
    "signals that are not there": (
        [
            (D, '{ presence = "presence_angers", strikes', '{ presense = "presence_angers", "strike.*"'),
            (S, 'signal = "truce.broken"', 'signal = "truce.brokn"'),
            (S, 'series = ["pressure", "attacks.*"', 'series = ["presure", "atacks.*"'),
            (S, 'headline = ["attacks",', 'headline = ["atacks",'),
        ],
        [
            "drivers.toml: anger.effects.presense: there is no such signal; did you mean 'presence'?",
            "drivers.toml: anger.effects.\"strike.*\": no node's name begins with 'strike.'",
            f"{S}: outcomes.truce_breaks.signal = \"truce.brokn\": there is no such signal; did you mean "
            "'truce.broken'?",
            f"{S}: series[0] = \"presure\": there is no such signal; did you mean 'pressure'?",
            f"{S}: series[1] = \"atacks.*\": no node's name begins with 'atacks.'; did you mean 'attacks.*'?",
            f"{S}: headline = \"atacks\": must be an outcome or a series; did you mean 'attacks'?",
        ],
    ),
    "states that are not there": (
        [
            (D, 'rate_by.truce = { holds = "truce_factor", broken', 'rate_by.truce = { hold = "truce_factor", broken'),
            (D, '"broken -> holds"', '"broken -> hold"'),
            (D, 'start = "holds"', 'start = "hold"'),
            (S, "[policies.stay]", f'{ASSUMED}\nstates = [[2024-02-01, "brokn"]]\n[policies.stay]'),
        ],
        [
            "attacks.rate_by.truce.hold = \"truce_factor\": there is no such state; did you mean 'holds'?",
            "attacks.rate_by.truce: needs a factor for every state; missing: holds",
            "truce.start = \"hold\": there is no such state; did you mean 'holds'?; states: holds, broken",
            "truce.transitions.\"broken -> hold\" = \"hold\": there is no such state; did you mean 'holds'?",
            f"{S}: assumptions.truce.states = \"brokn\": there is no such state; did you mean 'broken'?",
        ],
    ),
    "the same transition twice": (
        [(D, '[truce.transitions."broken -> holds"]', '[truce.transitions."broken->holds"]\nrate = 1\n'
          '[truce.transitions."broken -> holds"]')],
        ['truce.transitions."broken->holds": is there twice'],
    ),
    "chances of nonsense": (
        [(D, '[truce.transitions."broken -> holds"]', '[truce.transitions."broken -> holds"]\n'
          'on = { "truce.holds" = 0.5, "truce.hold" = 0.5, presence = 0.5, "attacks.*" = 0.5 }')],
        [
            'truce.transitions."broken -> holds".on."truce.holds": must be a state of another regime; the ways out',
            'truce.transitions."broken -> holds".on."truce.hold": ',
            'truce.transitions."broken -> holds".on.presence: must be a state of a regime: truce.',
            'truce.transitions."broken -> holds".on."attacks.*": must be a state of a regime: truce.',
        ],
    ),
    "a chance above 1": (
        [(D, '[truce.transitions."broken -> holds"]', '[truce.transitions."broken -> holds"]\n'
          'on = { "war.open" = 1.5 }')],
        ['truce.transitions."broken -> holds".on."war.open" = 1.5: must be in [0, 1]'],
    ),
    "responses in a circle": (
        [(D, 'triggers = ["attacks.*"]', 'triggers = ["strikes"]'), (D, "branching = 0.15", "branching = 2")],
        ["strikes.triggers: responses trigger one another in a circle: strikes", "attacks.branching = 2: must be in"],
    ),
    "dates out of order": (
        [(S, "[[2024-02-01, 1.0], [2024-08-01, 0.0]]", "[[2024-08-01, 1.0], [2024-02-01, 0.0]]")],
        ["policies.leave.schedules.presence", "dates must rise from point to point: 2024-02-01 comes after 2024-08-01"],
    ),
    "a time of day, and a date as text": (
        [(S, "start = 2024-01-01", "start = 2024-01-01T12:00:00"), (C, "2024-01-01", '"2024-01-01"')],
        [
            f"{S}: start = 2024-01-01T12:00:00: must be a date, written without quotes: 2024-08-22",
            'case.toml: evidence_until = "2024-01-01": must be a date, written without quotes',
        ],
    ),
    "dates that no calendar of results holds": (
        [(S, "start = 2024-01-01", "start = 9999-12-31"), (C, "2024-01-01", "0001-01-01")],
        [f"{S}: start = 9999-12-31: must be a date between", "evidence_until = 0001-01-01: must be a date between"],
    ),
    "extends leaving its folder": (
        [(S, "case =", 'extends = "../x.toml"\ncase =')],
        [f'{S}: extends = "../x.toml": must lie in the same folder as the file that extends it'],
    ),
    "extends from the root": (
        [(S, "case =", 'extends = "/etc/x.toml"\ncase =')],
        [f'{S}: extends = "/etc/x.toml": must lie in the same folder as the file that extends it'],
    ),
    "extends itself": (
        [(S, "case =", 'extends = "two-militias.toml"\ncase =')],
        [f'{S}: extends = "two-militias.toml": goes round in a circle'],
    ),
    "extends nothing": (
        [(S, "case =", 'extends = "none.toml"\ncase ='), (D, "[presence]", 'extends = "two"\n[presence]')],
        ["scenarios/none.toml: no such file", 'drivers.toml: extends = "two": must be the name of a TOML file in the'],
    ),
    "sources that leave the case": (
        [(P, 'source = "invented"', f'source = "{path}"') for path in ("../../etc/passwd", "/etc/passwd", "~/x")]
        + [(P, 'source = "invented"', 'source = "a book; evidence/none.csv"')],
        [
            'source = "../../etc/passwd": leaves the folder of the case; evidence lies under evidence/',
            'source = "/etc/passwd": leaves the folder of the case',
            'source = "~/x": there is no such file in the case',
            'source = "evidence/none.csv": there is no such file in the case',
        ],
    ),
    "a case elsewhere": (
        [(S, 'case = "two-militias"', 'case = "../x"')],
        [f'{S}: case = "../x": must be the name of a folder under params/; a path may not leave its folder'],
    ),
    "a case that is not there": (
        [(S, 'case = "two-militias"', 'case = "two-militia"')],
        ["there is no such case beside the scenario or shipped; did you mean 'two-militias'?"],
    ),
    "a file that is too long": (
        [(P, "[truce_breaks]", "#" * 10_000_001 + "\n[truce_breaks]")],
        ["parameters.toml: larger than 10,000,000 bytes"],
    ),
    "arrays too deep": ([(S, "weeks = 52", "weeks = " + "[" * 2000 + "]" * 2000)], [f"{S}: nested more than 12 deep"]),
    "keys too deep": ([(S, "weeks = 52", ".".join("a" * 2000) + " = 1")], ["a.a.a.a...: nested more than 12 deep"]),
    "whole numbers too large": (
        [(S, "weeks = 52", "weeks = 99999999999999999999"), (P, "p95 = 0.12", "p95 = " + "9" * 5000)],
        [f"{S}: weeks = 99999999999999999999: is too large a whole number", "a whole number has too many digits"],
    ),
    "an empty scenario": (
        [(S, texts()[S], "")],
        [f"{S}: {key}: is missing: " for key in SCENARIO_KEYS],
    ),
    "a schedule that is not there": (
        [(S, "schedules.presence", "schedules.presense")],
        ["policies.leave.schedules.presense: there is no such schedule; did you mean 'presence'?; schedules: "],
    ),
    "policies that are not there": (
        [(S, "series =", 'contrasts = [["leave", "sty"], ["stay", "stay"]]\nseries =')],
        [
            "contrasts[0][1] = \"sty\": there is no such policy; did you mean 'stay'?; policies: stay, leave",
            "contrasts[1] = [\"stay\", \"stay\"]: compares a policy with itself",
        ],
    ),
    "negative exposure": (
        [(S, "[2024-08-01, 0.0]", "[2024-08-01, -0.5]")],
        ["policies.leave.schedules.presence.points: must be >= 0: it is an exposure of attacks.NORTH, attacks.SOUTH"],
    ),
    "a negative start of an exposure": (
        [(S, "[policies.stay]", "[starts]\npresence = -1\n[policies.stay]")],
        ["starts.presence: must be >= 0: it is an exposure of attacks.NORTH, attacks.SOUTH"],
    ),
    "starts that make no sense": (
        [(S, "[policies.stay]", '[starts]\ntruce = "brokn"\npressure = "attack_rate"\nx = 1\ny = []\n[policies.stay]')],
        [
            "starts.truce = \"brokn\": there is no such state; did you mean 'broken'?; states: holds, broken",
            'starts.pressure = "attack_rate": must be in (0, 1), but the prior of this parameter reaches from 0 to inf',
            "starts.x: there is no such driver",
            "starts.y = []: must be a number, a state or the name of a parameter",
        ],
    ),
    "windows off the grid and beyond the horizon": (
        [(S, "window = [0, 4]", "window = [0.5, 4]"), (S, 'reduce = "sum"', 'reduce = "sum"\nwindow = [0, 60]')],
        [
            "outcomes.attacks.window = [0.0, 60.0]: must end within the horizon of 52 weeks",
            "outcomes.any_attack_4w.window = [0.5, 4.0]: must fall on steps of 7 days",
        ],
    ),
    "windows that end before they begin": (
        [(S, "window = [0, 4]", "window = [4, 4]"), (S, 'reduce = "sum"', 'reduce = "sum"\nwindow = [-1, 4]')],
        [
            "outcomes.any_attack_4w.window = [4, 4]: must be [from, to] with from before to",
            "outcomes.attacks.window[0] = -1: must be >= 0",
        ],
    ),
    "correlations that cannot all hold": (
        [(C, "[channels]", f"{GROUP}matrix = [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]\n[channels]")],
        ["correlations.g.matrix = [[1, 0.9, -0.9], ", "must be positive semidefinite; these correlations cannot all"],
    ),
    "items that are no items": (
        [(D, 'per = "militia"', "per = [1]"), (D, 'per = "militia"', 'per = "milita"')],
        [
            'attacks.per = [1]: must be the kind of some actors, such as "militia", or a list of items in quotes',
            "anger.per = \"milita\": no actor is of this kind; did you mean 'militia'?; kinds: militia, state",
        ],
    ),
    "an override of what cannot be overridden": (
        [(D, 'rate = "attack_rate_south"', 'rate = "attack_rate_sout"\nkind = "level"')],
        [
            "attacks.overrides.SOUTH.kind: cannot be overridden",
            "attacks.overrides.SOUTH.rate = \"attack_rate_sout\": there is no such parameter; did you mean ",
        ],
    ),
    "names that no file can have": (
        [
            (S, "[policies.stay]", '[policies."../stay"]'),
            (S, "[outcomes.any_attack_4w]", '[outcomes."any/attack"]'),
            (S, "[outcomes.truce_breaks]", "[outcomes.time]"),
        ],
        [
            'policies."../stay": a name is letters, digits and _',
            'outcomes."any/attack": a name is letters, digits and _',
            "outcomes.time: is the name of an axis of the results; choose another",
        ],
    ),
    "names that TOML takes in quotes only": (
        [
            (P, "[truce_breaks]", '["truce_breaks\\n"]'),
            (S, "[outcomes.any_attack_4w]", '[outcomes."événement"]'),
            (S, "[policies.stay]", '[policies."stay\u200f"]\nname = "x"\n[policies.stay]'),
            (D, "broken = {", '"مكسورة" = { name = "x", value = 2 }\nbroken = {'),
        ],
        [
            'parameters.toml: "truce_breaks\\n": the name of a parameter is letters, digits, _ and . (A to Z, a to z',
            f'{S}: outcomes."événement": a name is letters, digits and _ (A to Z, a to z, 0 to 9), a letter first; '
            "other scripts stand in what readers see",
            f'{S}: policies."stay\\u200f": a name is letters, digits and _',
            "(cannot be seen: \\u200f RIGHT-TO-LEFT MARK)",
            "drivers.toml: truce.states = ",
            "'مكسورة': a state's name is letters, digits and _",
        ],
    ),
    "drivers and parameters called like an axis": (
        [(D, "[presence]", "[draw]"), (P, "[truce_breaks]", "[time]"), (P, "[truce_returns]", "[cluster]"),
         (P, "[attack_rate]", "[chain]")],
        [
            "drivers.toml: draw: is the name of an axis of the results; choose another",
            "parameters.toml: time: is the name of an axis of the results; choose another",
            "parameters.toml: cluster: is the name of an axis of the results; choose another",
            "parameters.toml: chain: is the name of an axis of the results; choose another",
        ],
    ),
    "two mistakes in each of four files": (
        [
            (S, 'signal = "truce.broken"', 'signal = "truce.brokn"'),
            (S, 'reduce = "sum"', 'reduce = "smu"'),
            (D, "branching = 0.15", "branching = 1.2"),
            (D, 'interpolation = "linear"', 'interpolation = "liner"'),
            (P, 'unit = "1/week"\n', ""),
            (P, 'family = "normal"', 'family = "norml"'),
            (T, "weight = 2", "weight = 7"),
            (T, 'source = "SOUTH"', 'source = "SUOTH"'),
        ],
        [
            f"{S}: outcomes.truce_breaks.signal = \"truce.brokn\": there is no such signal",
            f"{S}: outcomes.attacks.reduce = \"smu\": must be one of sum, any, mean, max, last, first, time_above; did "
            "you mean 'sum'?",
            "drivers.toml: attacks.branching = 1.2: must be in [0, 1)",
            "drivers.toml: presence.interpolation = \"liner\": must be one of linear, step; did you mean 'linear'?",
            "parameters.toml: truce_breaks.unit: is missing",
            "parameters.toml: strike_breaks_truce.prior.family = \"norml\": must be one of normal, ",
            "ties.toml: tie[0].weight = 7: must be in [0, 3]",
            "ties.toml: tie[1].source = \"SUOTH\": there is no such actor; did you mean 'SOUTH'?",
        ],
    ),
}  # fmt: skip

# Fragments that are two halves of one problem.
_ONE_PROBLEM = {"dates out of order", "correlations that cannot all hold"}
_MORE = {
    "names that TOML takes in quotes only",
    "drivers and parameters called like an axis",  # whoever refers to them refers to nothing
    "names that no file can have",
}


@pytest.mark.parametrize("name", MISTAKES)
def test_every_mistake_is_said_with_file_key_value_and_what_is_allowed(name, tmp_path, capsys):
    edits, expected = MISTAKES[name]
    write(edited(*edits), tmp_path / "work")
    lines = said(capsys, tmp_path / "work")
    for fragment in expected:
        assert any(fragment in line for line in lines), (fragment, lines)
    if name not in _MORE:
        assert len(lines) == (1 if name in _ONE_PROBLEM else len(expected)), lines


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["run", "two-militias", "--policy", "stay\u200f"], "did you mean 'stay'?"),
        (["run", "two-militias\u200e"], "two-militias\\u200e: no such file and no shipped scenario; did you mean"),
        (
            ["network", "two-militias", "--to", "\u2067GOV\u2069"],
            "no such actor; did you mean 'GOV'?; actors: GOV, NORTH",
        ),
        (["explain", "two-militias", "--of", "pressure\xa0"], "did you mean 'pressure'?"),
        (["claims", "two-militias", "--only", "STAY\ufeff"], "there is no such claim"),
    ],
)
def test_a_name_copied_with_marks_of_direction_is_said_with_them(arguments, text, capsys):
    """The tables in Arabic hold such marks, so that a name copied from one may bring them along."""
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert text in line
    assert "(cannot be seen: \\" in line
    assert not set(line) & set("\u200e\u200f\u2067\u2069\xa0\ufeff")


def test_a_syntax_error_that_nobody_sees_is_shown(tmp_path, capsys):
    write(edited((D, "[truce]", "\u200f[truce]"), (P, "[truce_returns]", "\ufeff[truce_returns]")), tmp_path / "work")
    lines = said(capsys, tmp_path / "work")
    assert len(lines) == 2, lines
    assert '; the line is "\\u200f[truce]" (cannot be seen: \\u200f RIGHT-TO-LEFT MARK)' in lines[0]
    assert '; the line is "\\ufeff[truce_returns]" (cannot be seen: \\ufeff ZERO WIDTH NO-BREAK SPACE)' in lines[1]


@pytest.mark.parametrize(
    ("name", "known", "tail"),
    [
        ("sty", ["stay", "leave"], "; did you mean 'stay'?; policies: stay, leave"),
        ("xyz", ["stay", "leave"], "; policies: stay, leave"),
        ("STAY", ["leave", "stay"], "; did you mean 'stay'?; policies: leave, stay"),
        ("xyz", [], "; policies: none"),
        (
            "xyz",
            [f"p{i}" for i in range(15)],
            "; policies: p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11 and 3 more",
        ),
        ("pp14", [f"p{i}" for i in range(15)], "; did you mean 'p14'?"),
    ],
)
def test_what_is_not_there_is_followed_by_what_is(name, known, tail):
    assert no_such("policy", name, known) == "there is no such policy" + tail


def test_the_small_case_itself_has_no_mistake(tmp_path, capsys):
    write(texts(), tmp_path / "work")
    assert main(["check", str(tmp_path / "work" / S)]) == 0
    assert capsys.readouterr().out.startswith("ok\n")


@pytest.mark.parametrize("name", FILES)
def test_a_syntax_error_is_one_problem_beside_the_others(name, tmp_path, capsys):
    found = edited(
        (
            P if name != P else D,
            "[",
            "[",
        )
    )
    found[name] = "a = = 1\n" + found[name]
    other = T if name != T else D
    found[other] = (
        found[other].replace('source = "SOUTH"', 'source = "SUOTH"').replace("branching = 0.15", "branching = 2")
    )
    write(found, tmp_path / "work")
    lines = said(capsys, tmp_path / "work")
    assert any(line.startswith(f"{name}: not valid TOML: Invalid value (at line 1, column 5)") for line in lines)
    if name == S:
        return  # nobody knows which case was meant
    assert len(lines) == (1 if name == A and other == T else 2), lines


def test_one_wrong_actor_is_one_problem(tmp_path, capsys):
    write(edited((A, 'kind = "militia"', "kind = 3")), tmp_path / "work")
    assert said(capsys, tmp_path / "work") == [
        "params/two-militias/actors.toml: NORTH.kind = 3: must be a text in quotes"
    ]
