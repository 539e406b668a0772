"""Experiments: one effect each that a sentence of the talk speaks of, beside a control.

In: small programs over real sockets, in blocks. Out: ``reports/experiments.json``, the
values of every block. An experiment knows neither runs nor thresholds: claims name its
numbers by id, in ``bench/report/talk_claims/``.
"""
