"""What one request may hold. Everything here is checked before anything is kept."""

from __future__ import annotations

# Source: Segment's HTTP Tracking API limits (32 KB a call, 500 KB and 2,500 calls a batch).
MAX_CALL_BYTES = 32 * 1024
MAX_BATCH_BYTES = 500 * 1024
MAX_BATCH_CALLS = 2_500
# Levels of objects and lists in one call, the call itself included. Real calls stay below ten.
MAX_DEPTH = 32
# Distinct top-level names in the properties or traits of one call: more is data used as names.
MAX_NAMES = 255
MAX_NAME_CHARS = 255
MAX_EVENT_NAME_CHARS = 200
MAX_MESSAGE_ID_CHARS = 255
MAX_IDENTIFIER_CHARS = 255
# A list of external ids longer than this is no list of one person's accounts.
MAX_EXTERNAL_IDS = 64
# A device whose clock runs ahead by more than a day is wrong; by less, time zones explain it.
MAX_FUTURE_MS = 24 * 3600 * 1000
# Nothing was tracked before 1970; a negative time is a broken clock or a wrong unit.
MIN_AT_MS = 0
