"""Imported segments: lists of identifiers."""
