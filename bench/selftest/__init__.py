"""The harness against known answers: one module for each question a sceptic asks."""
