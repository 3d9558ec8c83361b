"""The columnar store: a projection of the graph for questions about everybody."""
