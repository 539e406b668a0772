"""One trial in fresh processes: addresses, placement, processes, and the order.

In: a case, and a window with what to record. Out: the records and the costs of each role.
Conformance is a trial too. It does not know the results of stamps, or other trials.
"""
