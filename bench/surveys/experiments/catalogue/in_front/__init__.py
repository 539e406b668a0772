"""Servers in front of an HTTP server in Python: their price, and their use."""
