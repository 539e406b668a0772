"""Languages with a working ZeroMQ binding, and languages whose standard library has HTTP.

``catalog`` reads the list of languages (``languages.toml``). ``peers`` builds and starts
the programs in ``peers/``. ``conversation`` exchanges messages with them and checks every
reply. ``packages`` finds installed packages. ``survey`` makes the rows of
``reports/languages.json``.
"""
