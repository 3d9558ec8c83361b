"""Who may do what: permissions, roles, and who stands behind a request."""
