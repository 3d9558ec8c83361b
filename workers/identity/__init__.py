"""Who is who on the graph: resolves what was touched, writes the difference, and takes decisions of people."""
