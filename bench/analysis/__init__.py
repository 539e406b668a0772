"""From raw files to tables, intervals, verdicts, levels and changes.

In: the folder of a run. Out: tables. It does not know how anything is drawn or said, and
opens no socket.
"""
