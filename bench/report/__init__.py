"""Words, charts, sections, numbers.json, citations, pages, and the talk.

In: tables. Out: everything that is published. It does not know how a value was measured,
and measures nothing.
"""
