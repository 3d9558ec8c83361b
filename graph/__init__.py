"""The graph: the client, the statements' loader, repositories by domain, and identity resolution."""
