"""The GraphQL schema, its transports and its execution. Types say what exists; resolvers/ says how it is found."""
