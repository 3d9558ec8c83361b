"""Measurements of a running service: `make bench`. Reads the code base only for its names and its local servers."""
