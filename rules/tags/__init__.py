"""Tags: what value a customer has, as pure data: parsed, checked, printed, computed and explained. Without I/O."""
