"""Background jobs by domain. A task takes ids, finds by the graph's state what is to be done, and may run twice."""
