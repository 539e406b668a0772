"""Programs as text: the same counts, names and shares for every language.

``grammar`` defines statements and tokens on trees of tree-sitter. A module for each
language makes its normal form. ``surface`` and ``shares`` classify the names in statements.
"""
