"""Configuration of Sphinx: ``make docs`` builds the pages into docs/_build/html, with warnings as errors."""

import os
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from architecture import describe_tree  # noqa: E402
from gallery import EXECUTED, draw_thumbnails  # noqa: E402

import autonet  # noqa: E402 - found through the line above

project = "autonet"
copyright = "the autonet developers, BSD 3-clause licence"
version = release = autonet.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "auto_examples/*.ipynb", "auto_examples/*.py.md5"]
templates_path = ["_templates"]
myst_heading_anchors = 3
suppress_warnings = ["config.cache"]  # the gallery's settings hold a function

# --- the API reference

default_role = "autolink"
autosummary_generate = True
autosummary_imported_members = True
autodoc_typehints = "none"  # docstrings say what parameters are
autodoc_member_order = "bysource"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

nitpicky = True
nitpick_ignore = [
    ("py:obj", "concurrent.futures"),  # modules of Python, whose pages are elsewhere
    ("py:obj", "logging"),
    ("py:obj", "example_spaces"),  # constants beside a conformance suite
    ("py:obj", "CHECKS_OF_MEMORY"),
]

# --- the gallery

os.environ.setdefault("OMP_NUM_THREADS", "1")
warnings.filterwarnings("ignore", category=autonet.errors.BaselineReturned)
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": rf"/({'|'.join(EXECUTED)})\.py$",
    "within_subsection_order": "gallery.ExecutedFirst",
    "capture_repr": (),
    "download_all_examples": False,
    "remove_config_comments": True,
    "min_reported_time": 1,
    "show_memory": False,
    "show_signature": False,
    "plot_gallery": "True",
    "abort_on_example_error": True,
}
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True

# --- the pages

html_theme = "pydata_sphinx_theme"
html_title = "autonet"
html_static_path = ["_static"]
html_css_files = ["autonet.css"]
html_show_sourcelink = False
html_sidebars = {"architecture": [], "changelog": [], "index": []}
html_theme_options = {
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
    "show_toc_level": 2,
}
linkcheck_ignore = [r"https://download\.pytorch\.org/.*"]

draw_thumbnails(HERE / "_static" / "thumbnails")
(HERE / "_static" / "architecture.txt").write_text(describe_tree())
