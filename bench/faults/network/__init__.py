"""Several hosts on one machine, and faults of the link between them.

``hosts`` makes and removes hosts as network namespaces. ``link`` cuts, heals and resets the
link between them. ``holder`` is the process that keeps the namespaces. ``helper`` starts
such processes, and ``tools`` finds programs of the system.
"""
