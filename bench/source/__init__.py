"""Programs as text: the same counts, names and shares for every language.

``grammar`` says what statements and tokens are, on tree-sitter's trees; a module for each
language makes its normal form; ``surface`` and ``shares`` look at what statements use.
"""
