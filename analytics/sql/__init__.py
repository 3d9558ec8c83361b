"""Statements that people write about everybody: checked, then run where they can reach nothing but fixed views."""
