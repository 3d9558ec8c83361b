"""Customers: profiles, lists and searches."""
