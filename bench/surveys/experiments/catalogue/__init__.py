"""One module, or one folder, for each experiment; ``EXPERIMENT`` makes it one."""
