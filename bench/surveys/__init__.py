"""Surveys: what is tried once, beside all runs.

They try embedded servers, languages, the talk's topologies, and one effect each of which a
sentence of the talk speaks. In: programs, and the tools that are installed here. Out: one
dated document each, in ``reports/``. The operating curve makes runs of its own; the others
do not know runs.
"""
