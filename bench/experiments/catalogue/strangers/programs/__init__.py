"""One program of collecting messages, as each stack has it, plain and secured."""
