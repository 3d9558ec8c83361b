"""Files into the same stream as the tracking API: rows become calls, calls become batches."""
