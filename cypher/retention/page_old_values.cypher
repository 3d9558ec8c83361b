// Purpose: Of a page of all identifiers, the values of attributes that were not reported for too long.
// Mode: READ
// Param: after STRING
// Param: size INT
// Param: rules LIST<MAP>: {name, before ms}
// Column: last STRING or null, of the page; null at the end
// Column: old LIST<LIST>: [uid, name, source, at ms]
// Index: identifier_uid
CALL () {
  MATCH (i:Identifier)
  WHERE i.uid > $after
  WITH i ORDER BY i.uid LIMIT $size
  RETURN collect(i) AS page
}
CALL (page) {
  UNWIND page AS i
  MATCH (i)-[:REPORTED]->(o:Observation)
  WHERE any(rule IN $rules WHERE rule.name = o.name AND o.at < rule.before)
  RETURN collect([i.uid, o.name, o.source, o.at]) AS old
}
RETURN CASE WHEN size(page) = $size THEN page[-1].uid END AS last, old AS old
