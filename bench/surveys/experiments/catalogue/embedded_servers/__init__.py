"""The servers that the talk names for embedding, beside those that people embed today."""
