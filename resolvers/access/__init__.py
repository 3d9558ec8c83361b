"""Roles and keys: who may do what."""
