// Purpose: the living customers with a phone that ends with four digits.
// Mode: READ
// Param: token STRING, of the digits
// Param: count INTEGER
// Column: id STRING
// Index: identifier_last_four
MATCH (i:Identifier {last_four: $token})<-[h:HAS WHERE h.to IS NULL]-(c:Customer)
WHERE NOT c:Retired
RETURN DISTINCT c.id AS id LIMIT $count
