"""The database of a server: a request reads and writes a row, in one transaction.

It is the application's, and so the same lines for all stacks. Two stores are known by their
URLs: ``sqlite:///PATH`` and ``postgresql://...``, of which the second needs psycopg.
"""

from __future__ import annotations

import importlib
import sqlite3
import threading
from typing import Any

SQLITE = "sqlite://"
BUSY_S = 5.0
"""How long a transaction waits for another one's end in SQLite."""
SCHEMA = "CREATE TABLE session (client INTEGER PRIMARY KEY, visits INTEGER NOT NULL)"
READ = "SELECT visits FROM session WHERE client = {}"
WRITE = "UPDATE session SET visits = {} WHERE client = {}"
ROW = "INSERT INTO session VALUES ({}, 0)"
POSTGRES = "psycopg"


class Store:
    """One database, with a connection for each thread that asks it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._mine = threading.local()
        mark = mark_of(url)
        self._read, self._write = READ.format(mark), WRITE.format(mark, mark)
        if not url.startswith(SQLITE):
            importlib.import_module(POSTGRES)  # now, and not with the first request

    def visit(self, client: int) -> int:
        """Count one more visit of a client; return how many there were before.

        Raises what the database's driver raises. The next visit then connects anew.
        """
        try:
            return self._visit(self.connection(), client)
        except Exception:
            vars(self._mine).pop("connection", None)
            raise

    def connection(self) -> Any:
        """Return the connection of this thread, which is opened if there is none."""
        if not hasattr(self._mine, "connection"):
            self._mine.connection = connect(self._url)
        return self._mine.connection

    def _visit(self, connection: Any, client: int) -> int:
        if self._url.startswith(SQLITE):
            # A transaction that reads first could not always write: it would fail at once.
            connection.execute("BEGIN IMMEDIATE")
            read = self._read
        else:
            connection.execute("BEGIN")
            read = f"{self._read} FOR UPDATE"
        (visits,) = connection.execute(read, (client,)).fetchone()
        connection.execute(self._write, (visits + 1, client))
        connection.execute("COMMIT")
        return int(visits)


def connect(url: str) -> Any:
    """Return a connection of the database's driver, without transactions of its own."""
    if url.startswith(SQLITE):
        path = url.removeprefix(SQLITE)
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection
    return importlib.import_module(POSTGRES).connect(url, autocommit=True)


def mark_of(url: str) -> str:
    """Return the mark of a parameter in statements of the database's driver."""
    return "?" if url.startswith(SQLITE) else "%s"


def create(url: str, clients: int) -> None:
    """Make the table, with a row for each client."""
    connection = connect(url)
    connection.execute(SCHEMA)
    for client in range(clients):
        connection.execute(ROW.format(mark_of(url)), (client,))
    connection.close()
