"""Sections and numbers become files: HTML, Markdown, and README's block."""
