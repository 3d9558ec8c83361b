// Purpose: the living customers whose name matches a full-text query, best first.
// Mode: READ
// Param: words STRING, Lucene syntax, made by graph.repositories.customer from escaped words
// Param: count INTEGER
// Column: id STRING
// Index: customer_search
CALL db.index.fulltext.queryNodes('customer_search', $words, {limit: $count}) YIELD node, score
WITH node, score WHERE NOT node:Retired
RETURN node.id AS id ORDER BY score DESC
