"""Sites elsewhere: hosts of a trial that run on other machines, or in network namespaces.

In: a way to reach each of them. Out: sites, which ``bench.trial`` uses like this machine,
and how far their clocks are apart. An agent does on each of them what the harness does at
home. It does not know what is measured.
"""
