"""Live evaluation: which rules a change touches, the facts they read, the memberships that follow."""
