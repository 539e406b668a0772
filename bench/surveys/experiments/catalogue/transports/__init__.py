"""Answers of ZeroMQ's sockets that depend on the transport in an address."""
