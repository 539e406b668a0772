"""Five ways to tell a client of an event: how late, how costly, and after a reconnect."""
