"""What every part stands on: settings, errors, time, ids, keys, Redis names, logs, metrics. Imports nothing above it."""
