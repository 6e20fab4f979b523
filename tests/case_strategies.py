"""Small random cases as TOML text: every kind of node, effects in both directions of the week, feedback.

A strategy draws the skeleton first (which drivers, repeated how), then what each of them reads, so that any
signal may push any other. Coefficients are small, so that rates do not run away.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import strategies as st

__all__ = ["seeds", "written_cases"]

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[T]], T]

START = dt.date(2024, 1, 1)  # of every scenario that `write_case` writes
HORIZONS = ((9, 7), (6, 7), (12, 14), (2, 1), (3, 3), (4, 2), (10, 10), (12, 28))  # weeks and days of a step
ITEMS = ("a", "b")
ACTORS = {"NORTH": "faction", "SOUTH": "faction", "GOV": "state", "PRESS": "onlooker"}
FACTIONS = ("NORTH", "SOUTH")

seeds = st.one_of(st.integers(0, 100), st.integers(2**32 - 2, 2**64 - 1))


@dataclass(frozen=True)
class Range:
    """Numbers that a place in a case may take, in hundredths, some of them likelier; and priors that fit."""

    low: int
    high: int
    often: tuple[int, ...]
    priors: tuple[str, ...]


REAL = Range(
    -50, 50, (0,),
    (
        'family = "normal", mean = 0.1, sd = 0.2',
        'family = "normal", p5 = -0.3, p95 = 0.4',
        'family = "normal", mean = 0.0, sd = 0.5, lower = -0.4, upper = 0.6',
        'family = "uniform", low = -0.4, high = 0.5',
        'family = "triangular", low = -0.4, mode = 0.1, high = 0.3',
        'family = "fixed", value = 0.25',
    ),
)  # fmt: skip
PER_COUNT = Range(
    -20, 1, (1, -10),
    (
        'family = "uniform", low = -0.3, high = 0.01',
        'family = "triangular", low = -0.1, mode = 0, high = 0.01',
    ),
)  # fmt: skip
BASE = Range(-200, 200, (), REAL.priors)
RATE = Range(
    0, 300, (0, 150),
    (
        'family = "gamma", mean = 1.5, sd = 0.7',
        'family = "gamma", shape = 3, rate = 2, upper = 3',
        'family = "gamma", p5 = 0.5, p95 = 2.5',
        'family = "gamma", p25 = 0.2, p75 = 0.9',
        'family = "lognormal", median = 1.2, sigma = 0.4',
        'family = "lognormal", mean = 0.8, sd = 0.5, lower = 0.2',
        'family = "lognormal", p10 = 0.4, p90 = 2.2',
        'family = "pert", low = 0, mode = 1, high = 4',
    ),
)  # fmt: skip
FACTOR = Range(1, 300, (100,), (*RATE.priors[:3], 'family = "beta", a = 2, b = 3'))
HALF_LIFE = Range(0, 600, (0, 100, 200), ('family = "pert", low = 0.5, mode = 1, high = 6', RATE.priors[0]))
SPREAD = Range(0, 120, (0, 40), ('family = "uniform", low = 0.1, high = 0.8', RATE.priors[7]))
POWER = Range(
    0, 150, (0, 50, 100),
    ('family = "uniform", low = 0, high = 1', 'family = "beta", mean = 0.6, sd = 0.2', 'family = "fixed", value = 0'),
)  # fmt: skip
ROOT = Range(0, 30, (0, 20), ('family = "uniform", low = 0, high = 0.3',))
PROBABILITY = Range(
    0, 100, (0, 50, 100),
    (
        'family = "beta", mean = 0.3, sd = 0.1',
        'family = "beta", p5 = 0.2, p95 = 0.6',
        'family = "beta", a = 0.8, b = 1.5, upper = 0.9',
        'family = "uniform", low = 0, high = 1',
        'family = "fixed", value = 1',
    ),
)  # fmt: skip
BRANCHING = Range(0, 80, (0, 50, 70), ('family = "beta", a = 2, b = 3, upper = 0.9', 'family = "fixed", value = 0.5'))
FEW = Range(0, 20, (0, 20), ('family = "uniform", low = 0, high = 0.2',))
SIZE = Range(
    100, 500, (100,), ('family = "gamma", mean = 3, sd = 1, lower = 1', 'family = "uniform", low = 1, high = 4')
)
COUNT = Range(0, 600, (0, 300), ('family = "gamma", mean = 3, sd = 1', 'family = "fixed", value = 4'))
INSIDE = Range(5, 95, (), ('family = "beta", mean = 0.4, sd = 0.2', 'family = "uniform", low = 0.1, high = 0.9'))
STRENGTH = Range(0, 150, (), RATE.priors)
LEVER = Range(0, 120, (0, 100), ())
SIGNED = Range(-100, 200, (0,), ())

CORRELATIONS = {
    2: ((1, 0.6), (0.6, 1)),
    3: ((1, 0.5, -0.3), (0.5, 1, 0.2), (-0.3, 0.2, 1)),
}


@dataclass(frozen=True)
class Driver:
    """The skeleton of a driver: its name, how it is repeated and what it publishes."""

    name: str
    kind: str
    repeated: str = "once"  # once, list, actors, or apart: a table of its own for each item
    states: tuple[str, ...] = ()
    signed: bool = False
    sized: bool = False
    actor: str = ""

    @property
    def items(self) -> tuple[str, ...]:
        return {"list": ITEMS, "apart": ITEMS, "actors": FACTIONS}.get(self.repeated, ())

    @property
    def nodes(self) -> tuple[str, ...]:
        return tuple(f"{self.name}.{item}" for item in self.items) or (self.name,)

    def signals(self) -> Iterable[tuple[str, str]]:
        """Yield what each node publishes: the suffix, and a word for the sort of number."""
        own = {"schedule": "lever", "regime": "state", "level": "level"}.get(self.kind, "count")
        yield "", own
        for state in self.states:
            yield f".{state}", "indicator"
        if self.kind == "events":
            yield ".threat", "threat"
        if self.kind == "level":
            yield ".cross", "cross"
        if self.sized:
            yield ".size", "count"

    def references(self, reader: Driver | None) -> Iterable[tuple[str, str]]:
        """Yield every way in which `reader` can write down a signal of this driver."""
        for suffix, sort in self.signals():
            for node in self.nodes:
                yield node + suffix, sort
            if self.items and not suffix:
                yield f"{self.name}.*", sort
            if reader is not None and reader.repeated in ("list", "actors") and reader.items == self.items:
                yield f"{self.name}.{{}}{suffix}", sort


class Writer:
    """Draws a case and writes it down."""

    def __init__(self, draw: Draw[Any]) -> None:
        self.draw = draw
        self.drivers: list[Driver] = []
        self.parameters: dict[str, str] = {}  # name: prior
        self.ranges: dict[str, Range] = {}
        weeks, self.step_days = self.one_of(HORIZONS)
        self.weeks = weeks

    # Small choices

    def one_of(self, options: Iterable[T]) -> T:
        return self.draw(st.sampled_from(list(options)))

    def maybe(self) -> bool:
        return self.draw(st.booleans())

    def some(self, options: Iterable[T], most: int, least: int = 0) -> list[T]:
        options = list(options)
        if not options:
            return []
        return self.draw(st.lists(st.sampled_from(options), unique=True, min_size=least, max_size=most))

    def literal(self, allowed: Range) -> str:
        often = st.sampled_from(allowed.often or (allowed.low,))
        return str(self.draw(st.one_of(often, st.integers(allowed.low, allowed.high))) / 100)

    def number(self, allowed: Range) -> str:
        """Return a number, or the name of a parameter, new or already there."""
        if self.draw(st.integers(0, 2)):
            return self.literal(allowed)
        known = [name for name, other in self.ranges.items() if other is allowed]
        if known and self.maybe():
            return f'"{self.one_of(known)}"'
        name = f"{self.one_of(('x', 'about.x', 'm'))}{len(self.parameters)}"
        self.parameters[name] = self.one_of(allowed.priors)
        self.ranges[name] = allowed
        return f'"{name}"'

    def dates(self, most: int, least: int = 0) -> list[dt.date]:
        days = st.integers(-15, self.weeks * 7 + 10)
        found = self.draw(st.lists(days, unique=True, min_size=least, max_size=most))
        return [START + dt.timedelta(days=day) for day in sorted(found)]

    def points(self, allowed: Range, least: int = 0) -> str:
        return _list(f"[{day}, {self.literal(allowed)}]" for day in self.dates(4, least))

    # What there is

    def skeleton(self) -> None:
        repeated = ("once", "once", "list", "apart", "actors")
        for name in self.some(("lever", "calendar"), 2, 1):
            self.drivers.append(Driver(name, "schedule", self.one_of(repeated), signed=self.maybe()))
        for name in self.some(("mood", "war"), 2, 1 + int(self.maybe())):
            states = self.one_of((("calm", "storm"), ("low", "mid", "high")))
            self.drivers.append(Driver(name, "regime", self.one_of(repeated), states, signed=self.maybe()))
        for name in self.some(("attacks", "visits"), 2, 1):
            self.drivers.append(Driver(name, "events", self.one_of(repeated)))
        for name in self.some(("wounded", "answer", "strikes"), 3):  # in the order in which they may trigger
            self.drivers.append(Driver(name, "response", self.one_of(repeated), sized=self.maybe()))
        for name in self.some(("anger", "pressure", "unrest"), 3, 1):
            actor = {"anger": "{}", "pressure": "GOV"}.get(name, "")
            how = {"anger": "actors", "pressure": "once"}.get(name) or self.one_of(repeated)
            self.drivers.append(Driver(name, "level", how, actor=actor))

    def references(self, reader: Driver | None, *, but: tuple[str, ...] = ()) -> list[tuple[str, str]]:
        return [found for driver in self.drivers for found in driver.references(reader) if found[1] not in but]

    def kin(self, reader: Driver, kinds: Iterable[str]) -> list[tuple[str, Driver]]:
        """Return nodes of some kinds as `reader` can name them, without sums."""
        return [
            (reference, driver)
            for driver in self.drivers
            if driver.kind in kinds
            for reference, _ in driver.references(reader)
            if reference in driver.nodes or reference == f"{driver.name}.{{}}"
        ]

    # What it does

    def effects(self, reader: Driver) -> str:
        # The design gives no value of `threat` and `cross` in the step before the first, for those who read
        # them as of the step before and would need one.
        unread = {"response": (), "level": ("threat", "cross"), "events": ("threat",), "regime": ("threat",)}
        often = {"regime": ("state", "indicator"), "events": ("count",), "level": ("lever",), "response": ("state",)}
        known = self.references(reader, but=unread[reader.kind])
        if reader.kind == "level":  # is a sum one push or several? it matters for `cross` if signs differ
            signed = {f"{driver.name}.*" for driver in self.drivers if driver.signed}
            known = [found for found in known if found[0] not in signed]
        likely = [found for found in known if found[1] in often[reader.kind]]
        chosen = dict(self.some(likely, 1, least=int(reader.kind == "regime")))
        chosen |= dict(self.some(known, 2))
        return _inline({reference: self.effect(reader, reference, sort) for reference, sort in chosen.items()})

    def effect(self, reader: Driver, reference: str, sort: str) -> str:
        """Return a coefficient, now and then with the value of the signal at which it has no effect."""
        bounded = reader.kind in ("regime", "response")  # at most certain, however strong the effect
        coefficient = self.number(PER_COUNT if sort in ("count", "threat", "cross") else BASE if bounded else REAL)
        if self.draw(st.integers(0, 3)) or (reader.kind == "level" and reference.endswith(".*")):
            return coefficient
        return _inline({"coefficient": coefficient, "relative_to": self.literal(SIGNED)})

    def fields(self, driver: Driver) -> dict[str, str]:
        return {
            "schedule": self.schedule,
            "regime": self.regime,
            "events": self.events,
            "response": self.response,
            "level": self.level,
        }[driver.kind](driver)

    def schedule(self, driver: Driver) -> dict[str, str]:
        allowed = SIGNED if driver.signed else LEVER
        return {
            "unit": '"share"',
            "start": self.literal(allowed),
            "points": self.points(allowed),
            "interpolation": self.one_of(('"linear"', '"step"')),
        }

    def regime(self, driver: Driver) -> dict[str, str]:
        allowed = SIGNED if driver.signed else LEVER
        states = {state: self.literal(allowed) for state in driver.states}
        fields = {
            "start": f'"{self.one_of(driver.states)}"',
            "states": _inline({s: _inline({"name": f'"{s}"', "value": v}) for s, v in states.items()}),
        }
        ways = [(a, b) for a in driver.states for b in driver.states if a != b]
        known = self.kin(driver, ("regime",))
        entries = [f"{regime}.{state}" for regime, other in known for state in other.states if other is not driver]
        for a, b in self.some(ways, len(ways), len(ways) // 2):
            way = {"rate": self.number(RATE), "effects": self.effects(driver)}
            chances = {entry: self.number(PROBABILITY) for entry in self.some(entries, 2)}
            if chances:
                way = {**(way if self.maybe() else {}), "on": _inline(chances)}
            fields[f'transitions."{a} -> {b}"'] = _inline(way)
        return fields

    def events(self, driver: Driver) -> dict[str, str]:
        exposure = self.exposure(driver)
        fields = {
            "unit": '"attacks"',
            "start": self.number(COUNT),
            "rate": self.number(RATE),
            "effects": self.effects(driver),
            "exposure": _inline(exposure),
            "branching": self.number(FEW if exposure else BRANCHING),
            "half_life": self.number(HALF_LIFE),
            "dispersion": self.number(SPREAD),
        }
        regimes = self.kin(driver, ("regime",))
        if self.maybe():
            regime, other = self.one_of(regimes)
            fields["rate_by"] = _inline({regime: _inline({state: self.number(FACTOR) for state in other.states})})
        if self.maybe():
            fields["resets_with"] = f'"{self.one_of(regimes)[0]}"'
        return fields

    def exposure(self, driver: Driver) -> dict[str, str]:
        """Return at most one signal to any power, and one to a small power, perhaps a count."""
        known = {
            reference: sort
            for other in self.drivers
            for reference, sort in other.references(driver)
            if not (other.signed and sort in ("lever", "state", "indicator")) and sort not in ("threat", "cross")
        }
        found = {ref: self.number(POWER) for ref in self.some([r for r in known if known[r] != "count"], 1)}
        return found | {ref: self.number(ROOT) for ref in self.some([r for r in known if r not in found], 1)}

    def response(self, driver: Driver) -> dict[str, str]:
        fields = {
            "unit": '"answers"',
            "start": self.number(COUNT),
            "triggers": _texts(self.triggers(driver)),
            "probability": self.number(PROBABILITY),
            "effects": self.effects(driver),
        }
        if driver.sized:
            numbers = {"start": COUNT, "mean": SIZE, "dispersion": SPREAD}
            size = {key: self.number(allowed) for key, allowed in numbers.items()}
            fields["size"] = _inline({"name": '"size"', "unit": '"persons"', **size})
        return fields

    def triggers(self, driver: Driver) -> list[str]:
        """Return names of events and earlier responses; no node is meant twice."""
        known = {
            reference: (reference,) if reference in other.nodes else other.nodes
            for other in self.drivers[: self.drivers.index(driver)]
            if other.kind in ("events", "response")
            for reference, sort in other.references(driver)
            if sort == "count" and not reference.endswith(".size")
        }
        chosen: dict[str, tuple[str, ...]] = {}
        for reference in self.some(known, 4, 1):
            if not any(node in nodes for nodes in chosen.values() for node in known[reference]):
                chosen[reference] = known[reference]
        return list(chosen)

    def level(self, driver: Driver) -> dict[str, str]:
        fields = {
            "start": self.number(INSIDE),
            "base": self.number(BASE),
            "effects": self.effects(driver),
            "half_life": self.number(HALF_LIFE),
            "sd": self.number(SPREAD),
        }
        if driver.actor:
            fields |= {"actor": f'"{driver.actor}"', "toward": self.one_of(('"exit"', '"stay"'))}
        return fields

    # How it is written

    def table(self, driver: Driver) -> str:
        fields = self.fields(driver)
        if driver.repeated == "apart":
            tables = [fields, *(self.fields(driver) for _ in driver.items[1:])]
            return "".join(_table(node, driver, own) for node, own in zip(driver.nodes, tables, strict=True))
        if not driver.items:
            return _table(driver.name, driver, fields)
        fields["per"] = '"faction"' if driver.repeated == "actors" else _texts(driver.items)
        text = _table(driver.name, driver, fields)
        for item in self.some(driver.items, 1):
            other = {key: value for key, value in self.fields(driver).items() if key not in ("actor", "states")}
            changed = [key for key in self.some(sorted(other), 4) if not key.startswith("transitions")]
            text += "".join([f"[{driver.name}.overrides.{item}]\n", *(f"{key} = {other[key]}\n" for key in changed)])
        return text

    def ties(self) -> str:
        ends = [(a, b) for a in ACTORS for b in ACTORS if a != b]
        text = ""
        for source, target in self.some(ends, 5):
            toward = self.one_of(("", 'toward = "exit"\n', 'toward = "stay"\n'))
            channel = self.one_of(("political", "economic") if toward else ("political", "military"))
            text += (
                f'[[tie]]\nsource = "{source}"\ntarget = "{target}"\nkind = "{self.one_of(("presses", "hosts"))}"\n'
                f'channel = "{channel}"\n{toward}weight = {self.draw(st.integers(0, 30)) / 10}\n'
                'fact = "made up"\nreference = "made up"\n'
            )
        return text or "# none\n"

    def about(self) -> str:
        names = []
        for prior in (self.one_of(STRENGTH.priors), self.one_of(STRENGTH.priors)):
            names.append(f"tie{len(names)}")
            self.parameters[names[-1]] = prior
        text = f'[channels]\npolitical = "{names[0]}"\neconomic = "{names[1]}"\n'
        rest = sorted(self.parameters)
        for size, matrix in CORRELATIONS.items():
            if len(rest) >= size and self.maybe():
                group = self.some(rest, size, size)
                rest = [name for name in rest if name not in group]
                rows = [list(row) for row in matrix]
                text += (
                    f"[correlations.group{size}]\nparameters = {_texts(group)}\nmatrix = {rows}\n"
                    'source = "made up"\nnote = "made up"\n'
                )
        return text

    def scenario(self) -> str:
        text = f"step_days = {self.step_days}\n"
        counts = [node for d in self.drivers if d.kind in ("events", "response") for node in d.nodes]
        for node in self.some(counts, 1):
            text += f'starts."{node}" = {self.literal(COUNT)}\n'
        for name in self.some([name for name in self.parameters if name in self.ranges], 1):
            prior = self.one_of(self.ranges[name].priors)
            text += f'[parameters."{name}"]\n' + _parameter(prior)
        given, assumptions = self.assumptions()
        text += assumptions + '[policies.as_is]\nname = "As it is"\n[policies.other]\nname = "Otherwise"\n'
        levers = [(node, d) for d in self.drivers if d.kind == "schedule" for node in d.nodes if node not in given]
        for node, driver in self.some(levers, 2):
            text += f'schedules."{node}".points = {self.points(SIGNED if driver.signed else LEVER, 1)}\n'
            if self.maybe():
                text += f'schedules."{node}".interpolation = "{self.one_of(("linear", "step"))}"\n'
        return text

    def assumptions(self) -> tuple[list[str], str]:
        known = [(node, driver) for driver in self.drivers for node in driver.nodes]
        chosen = self.some([pair for pair in known if pair[1].kind == "regime"], 2, int(self.maybe()))
        chosen += self.some([pair for pair in known if pair[1].kind == "schedule"], 1)
        text = ""
        for node, driver in chosen:
            text += f'[assumptions."{node}"]\nnote = "made up"\n'
            if driver.kind == "schedule":
                text += f"points = {self.points(SIGNED if driver.signed else LEVER, 1)}\n"
            else:
                pairs = [f'[{day}, "{self.one_of((*driver.states, "free"))}"]' for day in self.dates(5, 2)]
                text += f"states = {_list(pairs)}\n"
        return [node for node, _ in chosen], text

    def outcomes(self) -> str:
        """Ask for threats and cross pressures: a program keeps those that are asked for."""
        sums = [reference for reference, _ in self.references(None)]
        asked = [node + suffix for d in self.drivers for node in d.nodes for suffix, _ in d.signals()
                 if suffix in (".threat", ".cross")]  # fmt: skip
        chosen = [*(asked if self.maybe() else self.some(asked, 3)), self.one_of(sums)]
        return "".join(
            f'[outcomes.number{i}]\nname = "A number"\nsignal = "{signal}"\nreduce = "mean"\n'
            for i, signal in enumerate(dict.fromkeys(chosen))
        )

    def case(self) -> dict[str, Any]:
        self.skeleton()
        drivers = "".join(self.table(driver) for driver in self.drivers)
        about = self.about()
        scenario = self.scenario()
        return {
            "drivers": drivers,
            "about": about,
            "scenario": scenario,
            "weeks": self.weeks,
            "ties": self.ties(),
            "outcomes": self.outcomes(),
            "actors": "".join(
                f'[{name}]\nname = "{name}"\nkind = "{kind}"\nsource = "made up"\n' for name, kind in ACTORS.items()
            ),
            "parameters": "".join(f"[{name}]\n{_parameter(prior)}" for name, prior in self.parameters.items()),
        }


def _table(name: str, driver: Driver, fields: Mapping[str, str]) -> str:
    lines = [f"[{name}]", f'kind = "{driver.kind}"', f'name = "{driver.name}"']
    return "\n".join([*lines, *(f"{key} = {value}" for key, value in fields.items())]) + "\n"


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(texts)}]"


def _texts(texts: Iterable[str]) -> str:
    return _list(f'"{text}"' for text in texts)


def _inline(pairs: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f'"{key}" = {value}' for key, value in pairs.items()) + " }"


def _parameter(prior: str) -> str:
    return f'unit = "a number"\nprior = {{ {prior} }}\nstatus = "judgement"\nsource = "made up"\nnote = "made up"\n'


@st.composite
def written_cases(draw: Draw[Any]) -> dict[str, Any]:
    """Draw a case and a scenario: the keyword arguments of the fixture `write_case`."""
    return Writer(draw).case()
