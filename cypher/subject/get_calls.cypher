// Purpose: Calls as they are stored, those of them that are a customer's.
// Mode: READ
// Param: customer STRING, a living customer
// Param: ids LIST<STRING>, of calls
// Param: until INT ms, calls received later are left out
// Column: id STRING; others are missing
// Column: at INT ms
// Column: kind STRING or null: of a call that is no event
// Column: name STRING or null: of an event
// Column: received_at INT ms
// Column: source STRING
// Column: properties BYTES, JSON or null
// Column: traits BYTES, JSON or null, consents among them
// Column: group STRING or null
// Column: group_traits BYTES, JSON or null
// Column: context BYTES, JSON or null
// Column: extra BYTES, JSON or null
// Index: event_id
// Index: call_id
// TRICKY: `+ ''` keeps the planner from beginning at the customer, from whom all calls follow.
UNWIND $ids AS id
OPTIONAL MATCH (e:Event {id: id})
OPTIONAL MATCH (k:Call {id: id})
WITH coalesce(e, k) AS call
MATCH (call)<-[d:DID|CALLED|WITHDRAWN]-(i:Identifier)
MATCH (i)<-[h:HAS]-(c:Customer)
WHERE c.id + '' = $customer AND d.at >= h.from AND coalesce(h.to, d.at + 1) > d.at AND call.received_at <= $until
RETURN call.id AS id, d.at AS at, call.kind AS kind, call.name AS name, call.received_at AS received_at,
  call.source AS source, call.properties AS properties, call.traits AS traits, d.group AS group,
  call.group_traits AS group_traits, call.context AS context, call.extra AS extra
