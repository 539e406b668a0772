"""In which languages two programs talk over ZeroMQ, and which bring HTTP themselves.

``catalog`` reads what is surveyed (``languages.toml``), ``peers`` builds and starts the
programs in ``peers/``, ``conversation`` talks to them and checks every reply, ``packages``
asks what is installed, and ``survey`` makes the rows of ``reports/languages.json``.
"""
