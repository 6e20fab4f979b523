"""How the documents become a site: `make docs`. Every page is Markdown that is read as it is, too."""

from __future__ import annotations

import re
from typing import Any

import hudna

project = "hudna"
author = "The hudna authors"
version = release = hudna.__version__
language = "en"
project_copyright = "The hudna authors, MIT licence"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_static"]

# Links to headings as on GitHub, six levels deep; a link that leads nowhere is an error.
myst_heading_anchors = 6
myst_enable_extensions = ["smartquotes"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_display_short_literal_types = True
python_maximum_signature_line_length = 88
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
default_role = "code"

# Strict: what hudna's own docstrings refer to must be there. Types of other packages, and of ours that no script makes
# for itself, are named in signatures without a link.
nitpick_ignore_regex = [
    (
        "py:.*",
        r"(collections|concurrent|datetime|numpy|pathlib|pandas|pd|xr|xarray|matplotlib|networkx|nx|pydantic)\..*",
    ),
    (
        "py:.*",
        r"(ArrayLike|Axes|Contribution|Executor|Figure|FloatArray|IntArray|Grouping|Language|OutcomeLabel|Path|Row|Said|Text|mapping)",
    ),
    ("py:.*", r"hudna\.(analysis|case|engine|judge|learn|result|scenario)\..*"),
]

html_theme = "furo"
html_title = "hudna"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"top_of_page_buttons": []}


def _arabic(_app: Any, pagename: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    """Set pages of the folder `ar` from right to left, but a number's sign on its left."""
    if pagename.startswith("ar/") and "body" in context:
        signed = re.sub(r">[^<]*", _signed, context["body"])
        context["language"] = "ar"
        context["body"] = f'<div dir="rtl" lang="ar">{signed}</div>'


def _signed(text: re.Match[str]) -> str:
    return re.sub(r"[−+]\d[\d.,]*\b", r'<bdi dir="ltr">\g<0></bdi>', text[0])


def setup(app: Any) -> None:
    """Add what Sphinx does not know by itself."""
    from pygments.lexers.special import TextLexer

    app.add_lexer("csv", TextLexer)
    app.connect("html-page-context", _arabic)
