"""Tables as rows: what reads one line after the other takes dicts."""

from __future__ import annotations

from typing import Any

import pandas as pd

Row = dict[str, Any]


def records(table: pd.DataFrame) -> list[Row]:
    """Return a table's rows, by the names of its columns as text."""
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
