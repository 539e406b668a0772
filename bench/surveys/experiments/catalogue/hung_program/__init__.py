"""A program that hangs: what answers for it, and who finds out."""
