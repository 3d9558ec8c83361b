"""Tags: what queries and changes of them do."""
