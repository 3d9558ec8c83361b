"""One module a domain: check the input, one call, records back. No GraphQL types, no Cypher."""
