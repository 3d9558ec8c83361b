"""The columnar store follows the graph; the role `analytics` owns its file."""
