"""A server on ZeroMQ is one process with threads of its library; a proxy is one more."""

from __future__ import annotations

from bench.surveys.experiments.catalogue.footprint import looked_at


def test_a_library_adds_threads_and_a_proxy_adds_a_process() -> None:
    embedded, proxied, sockets = map(looked_at, ("zmq", "zmq_proxied", "raw_socket"))
    assert (embedded["processes"], embedded["ports"]) == (1, 1)
    assert (proxied["processes"], proxied["ports"]) == (2, 2)
    assert embedded["threads"] > sockets["threads"] == 1
