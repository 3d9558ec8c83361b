"""The ingest worker: takes accepted calls from the stream and applies them, one transaction a micro-batch."""
