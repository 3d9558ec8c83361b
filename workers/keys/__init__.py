"""Values under the current version of the secret, wherever they lie."""
