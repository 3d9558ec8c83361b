"""The registry of names and the data dictionary."""
