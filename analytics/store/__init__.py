"""Tables of the columnar store, and the file that holds them."""
