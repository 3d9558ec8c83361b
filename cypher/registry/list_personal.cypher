// Purpose: Names that are not of class NONE, and those that are although their names say otherwise.
// Mode: READ
// Param: attributes LIST<STRING>, names of attributes that say that they, and what lies in them, are personal
// Param: properties LIST<STRING>, the same of properties
// Column: event STRING, null for an attribute
// Column: name STRING
// Column: pii STRING
// Index: attribute_pii
// Index: event_property_pii
// Index: attribute_name
// Index: property_name
// TRICKY: `+ ''` keeps the planner off the index on pii, where nearly all names lie under NONE.
CALL () {
  UNWIND ['PERSONAL', 'SENSITIVE'] AS pii
  MATCH (a:Attribute {pii: pii})
  RETURN null AS event, a.name AS name, pii AS pii
  UNION ALL
  UNWIND ['PERSONAL', 'SENSITIVE'] AS pii
  MATCH (p:EventProperty {pii: pii})
  RETURN p.event AS event, p.name AS name, pii AS pii
  UNION ALL
  UNWIND $attributes AS root
  MATCH (a:Attribute) WHERE a.name STARTS WITH root
  WITH a, root WHERE a.pii + '' = 'NONE' AND (a.name = root OR a.name STARTS WITH root + '.')
  RETURN null AS event, a.name AS name, a.pii AS pii
  UNION ALL
  UNWIND $properties AS root
  MATCH (p:EventProperty) WHERE p.name STARTS WITH root
  WITH p, root WHERE p.pii + '' = 'NONE' AND (p.name = root OR p.name STARTS WITH root + '.')
  RETURN p.event AS event, p.name AS name, p.pii AS pii
}
RETURN event AS event, name AS name, pii AS pii
