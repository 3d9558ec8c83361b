"""What a role of a running service counts."""

from __future__ import annotations

from collections import Counter

import httpx
from prometheus_client.parser import text_string_to_metric_families


def read_counts(port: int, metric: str, label: str) -> Counter[str]:
    """A counter's values by one of its labels, e.g. of `kith_applied_total` by `outcome`.

    Raises:
        HTTPError: nobody answers on the port.
    """
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, timeout=10).text
    counts: Counter[str] = Counter()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == metric:
                counts[sample.labels[label]] += int(sample.value)
    return counts
