"""The quick way: which calls leave every customer as it is, so that nothing has to be resolved. Pure."""

from __future__ import annotations

from collections.abc import Iterable


def is_settled(owners: Iterable[str | None], evidence_is_new: bool) -> bool:
    """Whether a call can change no partition, so that skipping `resolve` gives the same as running it.

    A set of identifiers that was seen before, and now again within one customer, makes links inside that customer
    newer and nothing else: what was accepted stays compatible with it, what was rejected still conflicts. A set
    that is new may do more, even within one customer: it may vouch for a phone that had joined as a mere contact, or
    be the one that makes an identifier shared.

    The caller also asks whether the call is as late as the open hold of each of its identifiers, and whether a limit
    of one of them looks at times: neither is settled.

    Args:
        owners: of the call's identifiers that are not shared; None for one that nobody has yet.
        evidence_is_new: whether this set of identifiers was never seen before. A single identifier is no evidence.
    """
    distinct = set(owners)
    return not evidence_is_new and None not in distinct and len(distinct) <= 1
