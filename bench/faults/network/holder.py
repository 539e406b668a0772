"""Hold network namespaces as long as this process lives, and run in the last of them.

The namespaces have no names: they are open files of this process, so that nothing of them
remains when it ends. This process changes the packet filters of the last namespace, the
middle, through the library of nftables. Starting ``nft`` each time would take ten
milliseconds or more, and the moment of a cut would be unknown within that time.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import struct
import sys
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from bench.faults.network.lines import say, serve
from bench.hosts.host import die_with_parent

CLONE_NEWNET = 0x40000000
NFTABLES = "libnftables.so.1"
TTL = 64
SYN = 0x02
NO_OPTIONS = 5 << 4
WINDOW_BYTES = 1 << 15


def new_namespace() -> int:
    """Move into a new network namespace and return an open file of it.

    Raises OSError if that is not permitted.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        code = ctypes.get_errno()
        raise OSError(code, f"unshare: {os.strerror(code)}")
    return os.open("/proc/self/ns/net", os.O_RDONLY)


@cache
def nftables() -> tuple[Any, ctypes.c_void_p]:
    """Return the library and a context; the context belongs to the present namespace."""
    library = ctypes.CDLL(NFTABLES)
    library.nft_ctx_new.restype = ctypes.c_void_p
    for said in ("output", "error"):
        getattr(library, f"nft_ctx_get_{said}_buffer").restype = ctypes.c_char_p
    context = ctypes.c_void_p(library.nft_ctx_new(0))
    library.nft_ctx_buffer_output(context)
    library.nft_ctx_buffer_error(context)
    return library, context


def filter_packets(script: str) -> dict[str, Any]:
    """Run a script of nft, all of it or nothing; return the moments before and after."""
    library, context = nftables()
    from_ns = time.perf_counter_ns()
    failed = library.nft_run_cmd_from_buffer(context, script.encode())
    until_ns = time.perf_counter_ns()
    output = library.nft_ctx_get_output_buffer(context).decode()
    error = library.nft_ctx_get_error_buffer(context).decode()
    if failed:
        raise ValueError(error.strip())
    return {"from_ns": from_ns, "until_ns": until_ns, "output": output}


def checksum(data: bytes) -> int:
    """Return the internet checksum (RFC 1071) of an even number of bytes."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def syn(source: str, source_port: int, target: str, target_port: int) -> bytes:
    """Return a packet that asks for a connection, with ``source`` as its sender."""
    addresses = socket.inet_aton(source) + socket.inet_aton(target)

    def segment(checked: int) -> bytes:
        ports = struct.pack("!HHII", source_port, target_port, 0, 0)
        return ports + struct.pack("!BBHHH", NO_OPTIONS, SYN, WINDOW_BYTES, checked, 0)

    length_bytes = len(segment(0))
    pseudo_header = addresses + struct.pack("!HH", socket.IPPROTO_TCP, length_bytes)
    whole = segment(checksum(pseudo_header + segment(0)))
    version, protocol = 0x45, socket.IPPROTO_TCP
    filled_in_by_the_kernel = 0  # length, identification and checksum of the header
    header = struct.pack(
        "!BBHHHBBH", version, 0, filled_in_by_the_kernel, 0, 0, TTL, protocol, 0
    )
    return header + addresses + whole


def challenge(connections: list[tuple[str, int, str, int]]) -> dict[str, Any]:
    """Have the first end of each connection acknowledge the data that it has received.

    This is its answer to a SYN inside a connection, without further effect (RFC 5961,
    section 4). The middle needs that packet to reset an end that has nothing to send.
    """
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    with raw:
        for end, end_port, other, other_port in connections:
            raw.sendto(syn(other, other_port, end, end_port), (end, 0))
    return {}


def main() -> None:
    spec = json.loads(sys.argv[1])
    die_with_parent(spec["parent"])
    try:
        files = {name: new_namespace() for name in spec["namespaces"]}
    except OSError as error:
        sys.exit(error.strerror)
    say({name: f"/proc/{os.getpid()}/fd/{file}" for name, file in files.items()})
    answers: dict[str, Callable[..., dict[str, Any]]] = {
        "filter": filter_packets,
        "challenge": challenge,
    }
    serve(lambda do, **more: answers[do](**more))


if __name__ == "__main__":
    main()
