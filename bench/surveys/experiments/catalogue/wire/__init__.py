"""The cost of one message on the wire and in the kernel, on each stack."""
