"""The contract of a program: workloads, roles, cells and cases.

In: the files below an implementations root, found from their paths. Out: cells and cases as
values. It does not know how a program is run, or whether it is quick.
"""
