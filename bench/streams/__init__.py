"""Streams of identifiers with the truth: who made each call, whose each identifier is. Pure, the same for a seed."""
