"""Changes of the policy of identity: takes them in, and brings the graph up to date in the background."""
