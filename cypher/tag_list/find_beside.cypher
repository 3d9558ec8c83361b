// Purpose: identifiers for which a value of a tag was imported, and whose owners have any of the asked ones.
// Mode: READ
// Param: key STRING, the tag's
// Param: uids LIST OF STRING
// Column: asked STRING
// Column: uid STRING
// Column: namespace STRING, of `uid`
// Index: identifier_uid
UNWIND $uids AS asked
MATCH (:Identifier {uid: asked})<-[h:HAS WHERE h.to IS NULL]-(c:Customer)
MATCH (c)-[o:HAS WHERE o.to IS NULL]->(i:Identifier)
WHERE EXISTS { (i)-[g:GIVES]->(:Tag) WHERE g.tag = $key }
RETURN asked AS asked, i.uid AS uid, i.namespace AS namespace
