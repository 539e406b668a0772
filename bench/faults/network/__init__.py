"""Several hosts on one machine, and faults of the link between them.

``hosts`` makes and removes hosts as network namespaces. ``link`` cuts, heals, resets and
slows the link between them. ``tun`` adds delay and loss. ``holder`` and ``forwarder`` are
the processes behind these modules. ``helper`` starts such processes, and ``tools`` finds
programs of the system.
"""
