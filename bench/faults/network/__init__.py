"""Several hosts on one machine, and faults of the link between them.

``hosts`` makes and removes hosts as network namespaces. ``link`` cuts, heals and resets the
link between them. ``delayed`` has two hosts whose link holds each packet for a fixed time:
``tun`` makes its devices, and ``delay.c`` passes packets. ``holder`` is the process that
keeps the namespaces. ``helper`` starts such processes, and ``tools`` finds programs of the
system.
"""
