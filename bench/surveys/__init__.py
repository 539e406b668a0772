"""Surveys: experiments outside of runs, about embedded servers and about languages.

In: programs, and the tools that are installed here. Out: one dated document each, in
``reports/``. They do not know runs.
"""
