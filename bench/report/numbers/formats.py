"""The names of the forms in which ``cite`` prints a number.

The command line offers them without importing what makes them
(``bench.report.numbers.citation``), which has a function for each.
"""

from __future__ import annotations

FORMS = ("text", "markdown", "latex", "bibtex", "json", "url")
