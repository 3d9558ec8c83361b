"""HTTP, server-sent events and WebSocket: the same operations over each."""
