"""Many trials: profiles, plan, schedule, pilots, budget, archive, machine.

In: a profile and the cells. Out: a folder of raw files, each written once. It does not know
intervals, verdicts or reports.
"""
