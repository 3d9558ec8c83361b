// Purpose: Names that do not take every value.
// Mode: READ
// Column: event STRING, null for an attribute
// Column: name STRING
// Column: type STRING
// Column: on_conflict STRING
// Index: attribute_on_conflict
// Index: event_property_on_conflict
CALL () {
  MATCH (a:Attribute) WHERE a.on_conflict IN ['COERCE', 'QUARANTINE']
  RETURN null AS event, a.name AS name, a.set_type AS type, a.on_conflict AS on_conflict
  UNION ALL
  MATCH (p:EventProperty) WHERE p.on_conflict IN ['COERCE', 'QUARANTINE']
  RETURN p.event AS event, p.name AS name, p.set_type AS type, p.on_conflict AS on_conflict
}
RETURN event AS event, name AS name, type AS type, on_conflict AS on_conflict
