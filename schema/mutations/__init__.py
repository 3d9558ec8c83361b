"""Changes, a module a domain; `schema.mutation` puts them together."""
