"""Reads and writes by domain; a module runs the statements of the `cypher/` folder of the same name."""
