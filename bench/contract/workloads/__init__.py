"""The workloads: every module in here that defines ``WORKLOAD`` is one."""
