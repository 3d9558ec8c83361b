"""Where the columnar store can be: a DuckDB file, or a ClickHouse server; `port.py` is what both are."""
