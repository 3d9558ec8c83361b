// Purpose: The server's version, edition and clock.
// Mode: READ
// Column: version STRING
// Column: edition STRING
// Column: now_ms INT
// Index: none
CALL dbms.components() YIELD name, versions, edition
WHERE name = 'Neo4j Kernel'
RETURN versions[0] AS version, edition AS edition, timestamp() AS now_ms
