"""Decisions that programs make about their protocol, by one list for all stacks."""
