"""From a trial to a value: latency, throughput, response, recovery, code.

In: a case, and facts that set the size of its window. Out: one value of one trial, with its
metadata. It does not know blocks, plans or other programs.
"""
