"""The experiment ``wire`` with a message of one byte, and with one of 4 KiB."""

from __future__ import annotations

from bench.surveys.experiments.catalogue.wire.experiment import of_sizes
from bench.surveys.experiments.experiment import FULL

EXPERIMENT = of_sizes(
    "wire_sizes",
    "What do messages of 1 B and of 4 KiB cost on the wire and in the kernel?",
    FULL,
    "1B",
    "4KiB",
)
