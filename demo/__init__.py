"""The demonstration: real orders into a running service, then one visitor live. Speaks HTTP only, like any client."""
