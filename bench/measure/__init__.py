"""The measured quantities: one module each.

``latency`` and ``throughput`` measure trials: each says which window a case needs and
what its trial came to. ``size`` measures files.
"""
