"""The second reading of the rule language: a rule as one question about everybody, on the columnar store."""
