"""Where the columnar store can be: a file of DuckDB in this process, or a ClickHouse server. `port.py` is what both are."""
