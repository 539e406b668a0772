"""HTTP by hand, beside servers that people use: the same cases for all of them."""
