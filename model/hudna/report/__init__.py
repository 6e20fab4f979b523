"""What a run leaves behind: a folder of files that is there whole or not at all."""

from hudna.report.figures import draw_figures
from hudna.report.folder import Folder, replacing
from hudna.report.outputs import write_outputs

__all__ = ["Folder", "draw_figures", "replacing", "write_outputs"]
