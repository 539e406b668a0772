"""What stands in front of an HTTP server in Python, and what it changes."""
