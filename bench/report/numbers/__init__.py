"""Numbers that can be cited: numbers.json, citations and their check."""
