// Purpose: What the columnar store holds of living customers.
// Mode: READ
// Param: ids LIST<STRING>; ids that nobody living has are missing in the answer
// Column: customers LIST<LIST>: [id, created_at ms, attributes BYTES or JSON, sealed LIST<LIST>: [namespace, uid, cipher, last_seen ms] of phone and email, tags LIST<LIST>: [tag, value JSON, since ms]]
// Index: customer_id
UNWIND $ids AS id
MATCH (c:Customer {id: id}) WHERE NOT c:Retired
RETURN collect([c.id, c.created_at, c.attributes,
  [(c)-[h:HAS WHERE h.to IS NULL]->(i:Identifier) WHERE i.namespace IN ['email', 'phone'] | [i.namespace, i.uid, i.cipher, i.last_seen]],
  [(c)-[t:TAGGED]->(:Tag) | [t.tag, t.value, t.since]]]) AS customers
