"""Charts: pure functions from tables to matplotlib figures."""
