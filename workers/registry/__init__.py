"""The registry of names: counts what calls hold, and brings it into the graph."""
