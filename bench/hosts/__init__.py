"""Hosts turn one role function into a killable process; one module per language.

A host is started with one JSON document as its only argument (``spec``), is told what
to do by JSON lines on its standard input, and tells what happened by JSON lines on its
standard output. What a cell prints goes to the host's log, never among those lines.

Told: ``go`` (start a role), ``warm`` (every peer was seen), ``window`` (the timed
messages), ``count`` (how many arrived?), ``end`` (write what was recorded and leave).
Tells: ``ready``, ``seen``, ``warmed``, ``finished``, ``counted``, ``count``, ``raised``,
``result``. Killing is the only other way to stop a host: there is no shutdown path.
"""
