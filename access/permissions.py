"""What can be allowed, and the roles that come with every deployment. docs/security.md has the table."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Permission(StrEnum):
    """One right; a role and a key hold some of them. The values are what is stored and what the API shows."""

    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_ERASE = "customers:erase"
    CUSTOMERS_RESTRICT = "customers:restrict"
    CUSTOMERS_ACCESS = "customers:access"
    PERSONAL_REVEAL = "personal:reveal"
    CONSENTS_READ = "consents:read"
    CONSENTS_CHANGE = "consents:change"
    LABELS_CHANGE = "labels:change"
    IDENTITY_READ = "identity:read"
    IDENTITY_CHANGE = "identity:change"
    POLICY_CHANGE = "policy:change"
    SEGMENTS_READ = "segments:read"
    SEGMENTS_CHANGE = "segments:change"
    TAGS_READ = "tags:read"
    TAGS_CHANGE = "tags:change"
    TAGS_SQL = "tags:sql"
    COUNTS_ESTIMATE = "counts:estimate"
    COUNTS_SMALL = "counts:small"
    REGISTRY_READ = "registry:read"
    REGISTRY_CHANGE = "registry:change"
    UPDATES_SUBSCRIBE = "updates:subscribe"
    CALLS_READ = "calls:read"
    RETENTION_CHANGE = "retention:change"
    USERS_READ = "users:read"
    USERS_CHANGE = "users:change"
    KEYS_CHANGE = "keys:change"
    LOG_READ = "log:read"


ALL: Final = frozenset(Permission)

_READS = frozenset(
    {Permission.CUSTOMERS_READ, Permission.SEGMENTS_READ, Permission.TAGS_READ, Permission.REGISTRY_READ}
)
_DEFINES = frozenset(
    {Permission.SEGMENTS_CHANGE, Permission.TAGS_CHANGE, Permission.LABELS_CHANGE, Permission.COUNTS_ESTIMATE}
)

# Each can be edited in a deployment but `administrator`: somebody must always be able to mend the others.
ADMINISTRATOR: Final = "administrator"
BUILT_IN_ROLES: Final = MappingProxyType(
    {
        ADMINISTRATOR: ALL,
        "operator": _READS | _DEFINES | {Permission.CONSENTS_READ, Permission.UPDATES_SUBSCRIBE},
        "analyst": _READS | _DEFINES | {Permission.TAGS_SQL, Permission.COUNTS_SMALL},
        "sales": _READS | {Permission.PERSONAL_REVEAL, Permission.LABELS_CHANGE, Permission.CONSENTS_READ},
        "service": _READS
        | {
            Permission.PERSONAL_REVEAL,
            Permission.IDENTITY_READ,
            Permission.CONSENTS_READ,
            Permission.CONSENTS_CHANGE,
            Permission.CUSTOMERS_ACCESS,
            Permission.CUSTOMERS_RESTRICT,
            Permission.CALLS_READ,
        },
        "auditor": (_READS - {Permission.CUSTOMERS_READ})
        | {Permission.LOG_READ, Permission.USERS_READ, Permission.IDENTITY_READ, Permission.CONSENTS_READ},
        "integrator": _READS
        | {
            Permission.PERSONAL_REVEAL,
            Permission.UPDATES_SUBSCRIBE,
            Permission.CALLS_READ,
            Permission.CONSENTS_READ,
            Permission.COUNTS_SMALL,
        },
    }
)
