// Purpose: A new version of the policy of identity, in force from the commit on; or a trial, which has no version.
// Mode: WRITE
// Param: id STRING
// Param: version INT or null for a trial
// Param: body STRING JSON
// Param: author STRING
// Param: reason STRING
// Param: at INT ms
// Param: steps LIST<STRING>, what the graph has to be brought up to date in
// Param: state STRING, PENDING or DONE
// Index: counter_name
CREATE (:IdentityPolicy {id: $id, version: $version, body: $body, author: $author, reason: $reason, at: $at,
  steps: $steps, state: $state, progress: CASE $state WHEN 'DONE' THEN 1.0 ELSE 0.0 END})
WITH $version AS version
MATCH (k:Counter {name: 'policy'})
SET k.value = coalesce(version, k.value)
