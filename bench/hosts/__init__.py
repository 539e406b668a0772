"""Hosts run a role function in a killable process: one host for each language.

A host starts with one JSON document as its only argument (``spec``). It reads commands as
JSON lines from its standard input, and writes events as JSON lines to its standard output.
Output of a cell goes to the host's log, never among the events.

Commands: ``go`` (start a role), ``warm`` (every peer was seen), ``window`` (send the timed
messages), ``count`` (report how many arrived), ``end`` (write the records and end).
Events: ``ready``, ``seen``, ``warmed``, ``finished``, ``counted``, ``count``, ``raised``,
``result``. Killing is the only other way to stop a host: there is no shutdown path.

In: the document, and a program. Out: files of stamps and heads, and events. A host does not
know the harness: it imports nothing else of ``bench``.
"""
