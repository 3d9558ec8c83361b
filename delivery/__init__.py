"""Delivery: the log of segment changes, from the graph's outbox over the `changes` stream to subscribers."""
