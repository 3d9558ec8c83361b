"""One module a measurement: what it does, what is expected at least, and `measure`."""
