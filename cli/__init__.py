"""The `kith` command. May import everything; nothing imports it."""
