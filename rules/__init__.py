"""The rule language: what it means that a customer belongs to a segment. Pure: no I/O, imports only base."""
