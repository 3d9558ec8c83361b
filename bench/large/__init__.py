"""The columnar store of many customers: made without a graph, and asked beside SQL by hand."""
