"""What `hudna network --out` writes before the picture: the graph for other programs, and its tables."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from hudna.case import graph
from hudna.case.network_files import NETWORK, as_json, write_graphml
from hudna.files.whole import Folder
from hudna.text.table import as_csv

if TYPE_CHECKING:
    from hudna.case import Case
    from hudna.text.words import Language

__all__ = ["write_network"]


def write_network(
    case: Case, folder: Folder, routes: tuple[graph.Route, ...], *, lang: Language = "en"
) -> dict[str, Any]:
    """Write network.json, network.graphml, three tables and manifest.json; return the manifest.

    Parameters
    ----------
    case : Case
    folder : Folder
    routes : tuple of Route
        The paths to be written, as `hudna.case.graph.paths` finds them.
    lang : {"en", "ar"}
        Noted in the manifest.

    Returns
    -------
    dict
    """
    folder.write(NETWORK, as_json(case))
    graphml = io.BytesIO()
    write_graphml(case, graphml)
    folder.write("network.graphml", graphml.getvalue())
    tables = {"strengths": graph.strengths(case), "reach": graph.reach(case), "paths": graph.paths_table(routes)}
    for name, table in tables.items():
        folder.write(f"{name}.csv", as_csv(table))
    return folder.close({"case": case.id, "actors": len(case.actors), "ties": len(case.ties), "lang": lang})
