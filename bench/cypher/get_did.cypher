// Purpose: Everything that is stored of the events of an identifier's customer, to see whether any was written again.
// Mode: READ
// Param: uid STRING
// Column: id STRING
// Column: events LIST<LIST>: [id of the relationship, id of the node, uid, name, at ms, event id, properties JSON]
// Index: identifier_uid
MATCH (:Identifier {uid: $uid})<-[h:HAS WHERE h.to IS NULL]-(c:Customer)
RETURN c.id AS id,
  [(c)-[o:HAS WHERE o.to IS NULL]->(i:Identifier)-[d:DID]->(e:Event) |
    [elementId(d), elementId(e), i.uid, d.name, d.at, e.id, e.properties]] AS events
