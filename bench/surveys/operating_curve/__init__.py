"""The operating curve of ``compare``: how often it is wrong, and what it finds.

In: pairs of runs of one revision, in which a program exists a second time with more work.
Out: ``reports/operating_curve.json``, a row for each pair. The answers are known, so that
the share of false alarms and the share of findings can be counted.
"""
