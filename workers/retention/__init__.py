"""Removes what is kept no longer, with everything that follows from it."""
