"""What the owner of the columnar store answers, one module a kind of question."""
