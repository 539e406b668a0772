"""The harness measures known effects: one module for each question of a sceptic.

In: an effect of a known size. Out: whether the harness found it. It does not know reports.
"""
