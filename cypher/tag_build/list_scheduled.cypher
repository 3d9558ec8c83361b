// Purpose: Tags that are built on a schedule and not at the moment.
// Mode: READ
// Column: key STRING
// Column: mode STRING
// Column: zone STRING or null for the deployment's
// Column: as_of INTEGER, ms, the last build that came to its end; null before the first
// Column: failed_at INTEGER, ms, when the last build failed; null when it did not
// Index: tag_key
MATCH (t:Tag)
WHERE t.key >= '' AND t.mode IN ['DAILY', 'WEEKLY'] AND t.status IN ['SCHEDULED', 'FAILED']
RETURN t.key AS key, t.mode AS mode, t.zone AS zone, t.as_of AS as_of,
  CASE t.status WHEN 'FAILED' THEN t.failed_at END AS failed_at
