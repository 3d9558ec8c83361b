// Purpose: How many properties the registry has of each event.
// Mode: READ
// Param: events LIST<STRING>
// Column: event STRING
// Column: count INT
// Index: event_type_name
UNWIND $events AS name
MATCH (e:EventType {name: name})
RETURN e.name AS event, e.properties AS count
