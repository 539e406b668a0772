"""The commands: the only place that joins the rooms.

In: the words of a command line. Out: lines on a terminal, and an exit status. The commands
know every room, and compute nothing themselves.
"""
