// Purpose: A page of all identifiers with their sealed values, and whether the lists of the policy set them aside.
// Mode: READ
// Param: after STRING
// Param: size INT
// Column: uid STRING
// Column: namespace STRING
// Column: cipher BYTES or null
// Column: status STRING
// Column: by_policy BOOLEAN
// Index: identifier_uid
MATCH (i:Identifier)
WHERE i.uid > $after
RETURN i.uid AS uid, i.namespace AS namespace, i.cipher AS cipher, i.status AS status, coalesce(i.by_policy, false) AS by_policy
ORDER BY i.uid
LIMIT $size
