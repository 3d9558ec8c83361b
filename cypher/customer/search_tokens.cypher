// Purpose: the living customers whose name has all words of a query of tokens.
// Mode: READ
// Param: words STRING, Lucene syntax, made by graph.search_tokens
// Param: count INTEGER
// Column: id STRING
// Index: customer_tokens
CALL db.index.fulltext.queryNodes('customer_tokens', $words, {limit: $count}) YIELD node
WITH node WHERE NOT node:Retired
RETURN node.id AS id
