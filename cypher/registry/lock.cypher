// Purpose: The registry's state, locked until the commit: its sizes are exact, and no other change comes between.
// Mode: WRITE
// Column: attributes INT, how many it has
// Column: events INT
// Column: properties INT, of all events
// Index: counter_name
MERGE (k:Counter {name: 'registry'})
ON CREATE SET k.value = 0, k.attributes = 0, k.events = 0, k.properties = 0, k.unlisted = 0
ON MATCH SET k.value = k.value
RETURN k.attributes AS attributes, k.events AS events, k.properties AS properties
