"""Output types. Each is a view of a record of the same shape; values are read off it by name."""
