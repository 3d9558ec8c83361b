"""Every Prometheus metric of Kith, in one place so that names stay one family."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

FAST_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

CALLS = Counter("kith_calls_total", "Calls received by the tracking API", ["kind", "result"])
REQUEST_SECONDS = Histogram("kith_request_seconds", "HTTP requests", ["route", "status"], buckets=FAST_S)
INGEST_LAG_SECONDS = Gauge("kith_ingest_lag_seconds", "Age of the oldest call not yet applied")
INGEST_BACKLOG = Gauge("kith_ingest_backlog_entries", "Entries of the ingest stream not yet applied")
BATCH_CALLS = Histogram(
    "kith_batch_calls", "Calls in one applied micro-batch", buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500)
)
BATCH_STAGE_SECONDS = Histogram("kith_batch_stage_seconds", "Time of a micro-batch by stage", ["stage"], buckets=FAST_S)
APPLIED = Counter("kith_applied_total", "Calls applied, by outcome", ["outcome"])
RULES_EVALUATED = Counter("kith_rules_evaluated_total", "Rule evaluations", ["cause"])
CHANGES_PUBLISHED = Counter("kith_changes_published_total", "Changes published to subscribers", ["kind"])
PUBLISH_LATENCY_SECONDS = Histogram(
    "kith_publish_latency_seconds", "From a call's acceptance to the publication of its changes", buckets=FAST_S
)
SUBSCRIBERS = Gauge("kith_subscribers", "Open subscriptions to segments and customers")
SUBSCRIBERS_CUT = Counter("kith_subscribers_cut_total", "Subscriptions ended because the reader was too slow")
COLUMNS_AS_OF = Gauge("kith_columns_as_of_seconds", "Up to when the columnar store holds what was committed, Unix time")
COLUMNS_BATCH_SECONDS = Histogram("kith_columns_batch_seconds", "Following one batch of the graph", buckets=FAST_S)
CACHE = Counter("kith_cache_total", "Cache look-ups", ["cache", "result"])
QUERY_SECONDS = Histogram("kith_query_seconds", "Cypher statements by name", ["query"], buckets=FAST_S)
RETRIES = Counter("kith_transaction_retries_total", "Transactions run again after a transient fault", ["transaction"])
QUARANTINED = Counter("kith_quarantined_total", "Calls put aside", ["reason"])
IDENTITY_FAULTS = Gauge("kith_identity_faults", "What the last nightly check of identity found wrong", ["kind"])
BLOCKED = Counter("kith_blocked_identifiers_total", "Values given as identifiers that identify nobody", ["namespace"])
UNLISTED = Counter("kith_registry_unlisted_total", "Values under names for which the registry has no room")
