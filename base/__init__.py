"""What every part stands on: settings, errors, time, ids, keys, Redis names, logs, metrics. No imports from above."""
