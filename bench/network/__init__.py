"""Several hosts on one machine, and what can happen to the link between them.

``hosts`` makes and removes them as network namespaces, ``link`` cuts, heals, resets and
slows what joins them, ``tun`` adds delay and loss. ``holder`` and ``forwarder`` are the
processes behind these; ``helper`` starts such processes, ``tools`` finds programs.
"""
