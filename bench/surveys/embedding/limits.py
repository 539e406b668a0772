"""How large a body and a header a server takes: the largest that works, and the error."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.surveys.embedding.asking import Asked, ServerAnswer, not_applicable
from bench.surveys.embedding.running import Running

KIB, MIB = 1024, 1024 * 1024
BODY_BYTES = tuple(4**power * MIB for power in range(4))
HEADER_BYTES = tuple(2**power * KIB for power in range(1, 11))


def size_words(size: int) -> str:
    return f"{size // MIB} MiB" if size >= MIB else f"{size // KIB} KiB"


def _largest(works: Callable[[int], str], sizes: Sequence[int], exact: bool) -> str:
    """Return the largest size that works in bytes, and the error for a larger one."""
    for number, size in enumerate(sizes):
        said = works(size)
        if not said:
            continue
        if not number:
            return f"less than {size_words(size)}, then {said}"
        before = sizes[number - 1]
        if exact and (precisely := works(before + 1)):
            return f"{size_words(before)}, then {precisely}"
        return f"{size_words(before)} to {size_words(size)}, then {said}"
    return f"{size_words(sizes[-1])} or more"


def max_body(asked: Asked, server: Running) -> ServerAnswer:
    def works(size: int) -> str:
        return asked.asks(server, size)

    return ServerAnswer(_largest(works, BODY_BYTES, exact=True))


def max_header(asked: Asked, server: Running) -> ServerAnswer:
    if not asked.speech.has_header:
        return not_applicable("messages have no header of their author's")

    def works(size: int) -> str:
        return asked.asks(server, header_bytes=size)

    return ServerAnswer(_largest(works, HEADER_BYTES, exact=False))
