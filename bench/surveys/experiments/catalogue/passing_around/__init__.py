"""Values that Python, C and Node.js pass around in three formats: how they come back."""
