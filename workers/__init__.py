"""Processes that change the graph: the ingest worker, live evaluation, background jobs."""
