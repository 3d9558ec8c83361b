"""Neo4j and Valkey as child processes, for a machine that has neither. Imports only `base/`."""
