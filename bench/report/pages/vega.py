"""Vega-Lite as one script, for the chart that a reader steers in the page.

Among the libraries that come as a Python package it alone draws SVG, which takes the page's
colours and prints. It alone works if a page forbids ``eval``. With all that it needs it has
0.9 MB; Plotly has 4.8, and Bokeh draws on a canvas and brings a web server.
"""

from __future__ import annotations

from functools import cache

import vl_convert

VERSION = "v6.4"
"""The version of Vega-Lite: the package has several."""
EMBED = "window.vegaEmbed = vegaEmbed;"
END = "</script"


@cache
def script() -> str:
    """Return JavaScript that may stand in a script element and defines ``vegaEmbed``."""
    bundle: str = vl_convert.javascript_bundle(EMBED, VERSION)
    return bundle.replace(END, END.replace("/", r"\/"))
