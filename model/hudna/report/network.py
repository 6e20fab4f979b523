"""Everything that `hudna network --out` writes: the graph for other programs, its tables, and its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hudna.case import graph
from hudna.case.network_files import NETWORK, as_json, write_graphml
from hudna.report.figures import write_figure
from hudna.report.folder import Folder

if TYPE_CHECKING:
    from hudna.case import Case
    from hudna.case.grammar import Language

__all__ = ["write_network"]


def write_network(
    case: Case, folder: Folder, routes: tuple[graph.Route, ...], *, lang: Language = "en", with_figures: bool = True
) -> dict[str, Any]:
    """Write network.json, network.graphml, network.png, three tables and manifest.json; return the manifest.

    Parameters
    ----------
    case : Case
    folder : Folder
    routes : tuple of Route
        The paths to be written, as `hudna.case.graph.paths` finds them.
    lang : {"en", "ar"}
        Of the picture.
    with_figures : bool
        Whether to draw the picture.

    Returns
    -------
    dict
    """
    from hudna import plot

    (folder.aside / NETWORK).write_text(as_json(case), encoding="utf-8")
    write_graphml(case, folder.aside / "network.graphml")
    tables = {"strengths": graph.strengths(case), "reach": graph.reach(case), "paths": graph.paths_table(routes)}
    for name, table in tables.items():
        table.to_csv(folder.aside / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")
    if with_figures:
        write_figure(plot.network(case, lang=lang), folder.aside / "network.png")
    return folder.close({"case": case.id, "actors": len(case.actors), "ties": len(case.ties), "lang": lang})
