"""Input types, and how each becomes plain values for resolvers/."""
