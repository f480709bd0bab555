"""Build the documentation site: `make docs`."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "livestate_nb"
author = "The livestate_nb developers"
copyright = f"2026, {author}"  # noqa: A001 - Sphinx's name
release = version_of("livestate_nb")
version = release

extensions = [
    "config_options",
    "myst_parser",
    "pictures",
    "public_names",
    "short_names",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_build"]

# pages: MyST, written so that GitHub shows them as well
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
copybutton_exclude = ".linenos, .gp, .go"

# reference
default_role = "py:obj"  # `name` in a docstring is a link; an argument is ``name``
nitpicky = True
nitpick_ignore_regex = [
    ("py:class", r"(collections\.abc|contextlib|datetime|pathlib)\..*"),  # Python's own
    ("py:class", r"livestate_nb\.declaration\.Handler|livestate_nb\.state\.forms\._Function"),
    ("py:exc", "HTTPClientError"),  # Tornado's
]
public_modules = [
    "livestate_nb",
    "livestate_nb.marimo",
    "livestate_nb.state",
    "livestate_nb.testing",
    "livestate_nb.ui",
]
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False

# the site
html_theme = "pydata_sphinx_theme"
html_title = "livestate_nb"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "livestate_nb"},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
}
html_sidebars = {page: [] for page in ("index", "start", "tutorials")}  # no pages stand below them
