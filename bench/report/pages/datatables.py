"""DataTables as one script, for the table of all numbers that a reader sorts and filters.

Its table is an HTML table, which a screen reader reads and paper shows. The package itables
carries it with what exports CSV and Excel, under the MIT licence, and needs nothing else.
Tabulator draws ``div`` elements, and those in view only; no package of Python carries its
present version without a web framework. AG Grid comes with Dash. Perspective is
WebAssembly, which a page that forbids ``eval`` cannot load.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

PACKAGE, FILE = "itables", "html/dt_bundle.js"
EXPORTS = re.compile(r"export\s*\{([^}]*)\};?")
"""The last statement of the bundle, which is a module: what it calls its parts."""
HOLDER = "jQuery"
"""The part that has DataTables as a plug-in."""
END = "</script"


@cache
def script() -> str:
    """Return JavaScript that may stand in a script element and defines ``DataTable``.

    Raises ValueError if the package's bundle no longer exports what holds DataTables.
    """
    bundle = (resources.files(PACKAGE) / FILE).read_text(encoding="utf-8")
    exported = EXPORTS.search(bundle)
    parts = (part.split(" as ") for part in exported[1].split(",")) if exported else ()
    names = {name: local for local, name in parts}
    if not exported or HOLDER not in names:
        raise ValueError(f"{FILE} of {PACKAGE} exports no {HOLDER}")
    # Its names stay its own: a module would start after the scripts that use the table.
    program, licences = bundle[: exported.start()], bundle[exported.end() :]
    made = f"window.DataTable = {names[HOLDER]}.fn.dataTable;"
    text = f'(() => {{ "use strict";\n{program}\n{made}\n}})();\n{licences}'
    return text.replace(END, END.replace("/", r"\/"))
