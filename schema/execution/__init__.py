"""From request text to answer: parse and validate (cached), limits, look-ahead, execution."""
