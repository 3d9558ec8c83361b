"""Consents, the purposes that they are about, and restrictions."""
