"""Names: several addresses, a peer that moves, a resolver that is slow or says nothing."""
