"""Delivery: the log of changes of segments and customers, from the graph's outbox to subscribers."""
