"""What the report says of every run: how to read it, and how it was made."""

from __future__ import annotations

HOW_TO_READ = [
    "Every ratio is of times, first over second: 0.5 means that the first takes half the "
    "time, for throughput too, where it is the time per delivered message.",
    "The unit of statistics is a block: one fresh trial of every case, in random order. A "
    "ratio is made block by block; its interval (Hodges-Lehmann, exact Wilcoxon) carries "
    "the level that it really has. The sign interval beside it assumes less and is wider.",
    "Faster or slower is said only where the whole interval lies beyond 5 % and beyond the "
    "noise that this run measured between a cell and itself (A/A). Equivalent: the whole "
    "interval lies within 5 %. Otherwise the data cannot tell.",
    "split: the driver on one set of CPUs, its peers on the other, so that waking a CPU is "
    "part of every message. shared: everything on one CPU, so that the work is. Neither is "
    "the truth alone; the order of the stacks may differ.",
    "Loopback, one machine: no network card, no loss, packets as large as 64 KiB. Ratios "
    "here overstate what a real network leaves of the differences per message.",
    "Compare ratios across machines, never absolute numbers. Round trips are round trips: "
    "some tools print half of one as latency.",
]
METHOD = [
    "Each cell passes conformance before it may be timed; one that fails has no number.",
    "Each trial starts every role in a fresh process, waits until it is seen to listen, "
    "warms up, measures one window, and ends every process.",
    "Cases are interleaved in random order within blocks; the seed is given below.",
    "A pilot sizes a case's first window, the trial before each later one: about a fifth "
    "of a second of messages, fewer where 64 MiB or 200,000 of them are reached sooner.",
    "Latency of request/reply: a closed loop, one request at a time. Fan-out and pipeline: "
    "one way, paced at 200 and 100 messages a second, on one clock that all processes "
    "share. Throughput of request/reply is that of one client that waits for each reply.",
    "Throughput is counted where messages are consumed; losses stand beside it.",
    "Lossless fan-out is compared with lossless only. Lossy cells are shown with their "
    "losses and get no verdict: what one drops depends on how much it may queue.",
    "CPU time is that of all threads of a role over the window, the harness's own work in "
    "it included; memory its peak above what the process had when ready.",
    "Code size counts a program with its local imports, without comments and layout. The "
    "programs on BSD sockets and ZeroMQ serve ipc as well as tcp, those on HTTP tcp only.",
    "The null stack (plain calls, no transport) shows what the harness itself costs. No "
    "value is left out as an outlier.",
]
