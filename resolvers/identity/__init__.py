"""Who is who: explanations, decisions, policy and review."""
