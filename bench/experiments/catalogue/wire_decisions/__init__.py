"""What programs decide about their protocol, by one list for all stacks."""
