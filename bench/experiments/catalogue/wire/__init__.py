"""What one message costs on the wire and in the kernel, on each stack."""
