// Purpose: One line of the log.
// Mode: READ
// Param: id STRING
// Column: id STRING
// Column: kind STRING
// Column: at INT ms
// Column: author STRING
// Column: reason STRING or null
// Column: policy_version INT
// Column: active BOOLEAN or null
// Column: subject STRING or null
// Column: customer STRING or null
// Column: other STRING or null
// Column: evidence STRING or null
// Column: identifiers LIST<LIST>: [uid, namespace, cipher]
// Column: state STRING or null
// Column: progress FLOAT or null
// Column: calls INT or null
// Index: decision_id
// Index: identifier_uid
MATCH (d:Decision {id: $id})
CALL (d) {
  UNWIND [d.a, d.b] AS uid
  MATCH (i:Identifier {uid: uid})
  RETURN collect([i.uid, i.namespace, i.cipher]) AS ends
}
RETURN d.id AS id, d.kind AS kind, d.at AS at, d.author AS author, d.reason AS reason,
  d.policy_version AS policy_version, d.active AS active, d.subject AS subject, d.customer AS customer,
  d.other AS other, d.evidence AS evidence, ends + [(d)-[:NAMES]->(i:Identifier) | [i.uid, i.namespace, i.cipher]] AS identifiers,
  d.state AS state, d.progress AS progress, d.call_count AS calls
