"""The command that shows a network: who presses on whom, who reaches whom, and by which paths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hudna.cli.commands import app
from hudna.cli.options import CASES, OUTPUT, Case, NoFigures, Output, examples, grouped, option
from hudna.cli.printing import Part
from hudna.text.columns import heading
from hudna.text.table import Table, column
from hudna.text.words import LANGUAGES, Language, Words, right_to_left

if TYPE_CHECKING:
    import pandas as pd

    from hudna.case import Case as CaseOf
    from hudna.case.graph import Route

__all__ = ["network"]

_SHOWN = 10  # paths on the terminal, and in the tables
_word = Words("cli.network")


@app.command(rich_help_panel=CASES, epilog=examples("network iraq-2024", "network iraq-2024 --to IRQ --out network"))
@grouped
def network(
    case: Case,
    to: Annotated[
        str | None, typer.Option(metavar="ACTOR", help="Paths to this actor; the most pressed one if left out.")
    ] = None,
    out: Annotated[
        Path | None, option(OUTPUT, "Write GraphML, JSON, tables and the picture.", metavar="FOLDER")
    ] = None,
    no_figures: NoFigures = False,
    *,
    output: Output,
) -> None:
    """Show the network: strengths by channel and sign, who reaches whom, and the strongest paths to an actor."""
    from hudna import plot
    from hudna.case import graph
    from hudna.cli.pictures import finish
    from hudna.files.whole import replacing
    from hudna.report.network import write_network
    from hudna.scenario.reading import case_of

    language = output.language(case)
    found, _ = case_of(case, posterior=False)
    target = graph.pressed_most(found) if to is None else to
    routes = graph.paths(found, target, _SHOWN) if target is not None else ()
    manifest = None
    if out is not None:
        with replacing(out) as folder:
            manifest = write_network(found, folder, routes, lang=language)

    data = {
        "case": found.id, "name": {lang: found.about.name.get(lang) for lang in (*LANGUAGES, *found.about.name.texts)},
        "actors": len(found.actors), "ties": len(found.ties), "pressing": _pressing(found), "to": target,
        "strengths": graph.strengths(found), "reach": graph.reach(found), "paths": graph.paths_table(routes),
        "out": None if out is None else str(out),
    }  # fmt: skip
    finish(
        output,
        lambda _: data,
        _parts(found, target, routes, language),
        [(("network",), partial(plot.network, found, lang=language))],
        None if no_figures else out,
        manifest,
        files=[] if out is None else [out],
        within="",
    )


def _pressing(case: CaseOf) -> int:
    return sum(len(presses) for presses in case.presses().values())


def _parts(case: CaseOf, target: str | None, routes: tuple[Route, ...], lang: Language) -> Iterator[Part]:
    counts = (("actors", len(case.actors)), ("ties", len(case.ties)), ("pressing", _pressing(case)))
    yield case.about.name.get(lang), True
    yield "  " + _word("comma", lang).join(f"{_word(key, lang)}: {n}" for key, n in counts)
    yield from (f"  {_word('pressing note', lang)}", "")
    yield from _strengths(case, lang)
    yield from _reach(case, lang)
    if target is not None:
        yield from _paths(case, target, routes, lang)


def _strengths(case: CaseOf, lang: Language) -> Iterator[Part]:
    import pandas as pd

    from hudna.case.graph import strengths

    table = strengths(case)
    pressing, context = table[table["presses"] == True], table[table["presses"] == False]  # noqa: E712 (may be empty)
    sides = {f"{side}{sign}": (side, sign) for side in ("in", "out") for sign in (1, -1)}
    rows = [
        {"group": f"{_name(case, actor, lang)}{_of_level(case, str(actor), lang)}", "name": _word(str(channel), lang)}
        | {key: _weight(part[(part["side"] == side) & (part["sign"] == sign)]) for key, (side, sign) in sides.items()}
        for actor, mine in pressing.groupby("actor")
        for channel, part in mine.groupby("channel")
    ]
    if rows:
        columns = [
            column([f"{text} {_sign(sign)}" for text in heading(side, _word)], key)
            for key, (side, sign) in sides.items()
        ]
        yield Table(
            _word("strengths", lang), pd.DataFrame(rows), columns, lang,
            group=lambda row: row["group"], notes=[_word("sign note", lang)],
        )  # fmt: skip
        yield ""
    if not context.empty:
        channels = sorted(set(context["channel"]))
        rows = []
        for actor, mine in context.groupby("actor"):
            rows.append({"name": _name(case, actor, lang)})
            for channel in channels:
                both = [_weight(mine[(mine["channel"] == channel) & (mine["side"] == side)]) for side in ("in", "out")]
                rows[-1][channel] = " / ".join(cell or "0" for cell in both) if any(both) else ""
        columns = [column(heading(channel, _word), channel) for channel in channels]
        yield Table(_word("context strengths", lang), pd.DataFrame(rows), columns, lang)
        yield ""


def _of_level(case: CaseOf, actor: str, lang: Language) -> str:
    """Return what a high value of the actor's level works for."""
    found = case.level_of(actor)
    return "" if found is None or found[1].toward is None else f" ({_word(found[1].toward, lang)})"


def _weight(part: pd.DataFrame) -> str:
    return f"{part['weight'].sum():g}" if len(part) else ""


def _reach(case: CaseOf, lang: Language) -> Iterator[Part]:
    from hudna.case.graph import reach
    from hudna.text.numbers import number_of

    table = reach(case)
    yield _word("reach", lang), True
    if table.empty:
        yield f"  {_word('nobody', lang)}"
    for source, mine in table.groupby("source"):
        yield f"  {_name(case, source, lang)}: {len(mine)}"
        for ties, part in mine.groupby("ties"):
            how = _word("in ties", lang).format(number_of(int(str(ties)), "tie", lang))
            yield f"    {how}: {_names(case, part['target'], lang)}"
    yield ""


def _paths(case: CaseOf, target: str, routes: tuple[Route, ...], lang: Language) -> Iterator[Part]:
    if not routes:
        yield _word("no paths", lang).format(_name(case, target, lang)), True
        return
    yield _word("paths", lang).format(_name(case, target, lang)), True
    arrow = "←" if right_to_left(lang) else "→"
    for route in routes:
        text = _name(case, route.actors[0], lang)
        for tie in route.ties:
            text += f" —{_word(tie.channel, lang)}{arrow} {_name(case, tie.target, lang)}"
        yield f"  {route.strength:.2f} {_sign(route.sign)}  {text}"
    yield f"  {_word('path note', lang)}"


def _sign(sign: int) -> str:
    return "+" if sign > 0 else "-"


def _name(case: CaseOf, actor: Any, lang: Language) -> str:
    return case.actors[str(actor)].name.get(lang)


def _names(case: CaseOf, actors: Iterable[Any], lang: Language) -> str:
    return _word("comma", lang).join(_name(case, actor, lang) for actor in actors)
