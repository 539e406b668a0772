"""One trial in which something goes wrong: the catalogue, the network, the messages.

In: a case with a fault. Out: what became of every message, and when. It does not know what
an outage is, or which level a program is at.
"""
