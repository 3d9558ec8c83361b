"""What the operation log calls each change: its module, and which argument names what it is about.

Beside the mutations and not in them, so that the engine can log all of them at one place. A mutation without a line
here stops the start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from audit.entry import named
from base.errors import KithError
from base.ids import call_id
from ingest.sources import DEFAULT_SOURCE
from resolvers.context import Services
from resolvers.customers.customers import key_of

Arguments: TypeAlias = Mapping[str, Any]
# From the arguments, as the client named them, to the key or id that the change is about.
About: TypeAlias = Callable[[Services, Arguments], str | None]


class Audited(NamedTuple):
    """How a change is logged."""

    module: str
    about: About


def _argument(*path: str) -> About:
    def about(_services: Services, arguments: Arguments) -> str | None:
        value: Any = arguments
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return named(value)

    return about


def _joined(*names: str) -> About:
    def about(_services: Services, arguments: Arguments) -> str | None:
        return " ".join(filter(None, (named(arguments.get(name)) for name in names)))

    return about


def _identifier(services: Services, arguments: Arguments) -> str | None:
    return _uid(services, arguments["identifier"])


def _consenting(services: Services, arguments: Arguments) -> str | None:
    given = arguments["input"]
    return named(given["customer"]) if given.get("customer") else _uid(services, given.get("identifier"))


def _uid(services: Services, given: Any) -> str | None:
    if not given:
        return None
    try:
        return key_of(services, None, (given["namespace"], given["value"])).uid
    except KithError:
        # No namespace; the change will be refused.
        return None


def _call(_services: Services, arguments: Arguments) -> str | None:
    return call_id(arguments.get("source") or DEFAULT_SOURCE, arguments["messageId"])


def _nothing(_services: Services, _arguments: Arguments) -> str | None:
    return None


_KEY, _ID, _NAME, _INPUT_KEY = _argument("key"), _argument("id"), _argument("name"), _argument("input", "key")

CHANGES: Final[Mapping[str, Audited]] = {
    "createSegment": Audited("segment", _INPUT_KEY),
    "updateSegment": Audited("segment", _KEY),
    "copySegment": Audited("segment", _joined("key", "newKey")),
    "restoreSegmentVersion": Audited("segment", _KEY),
    "archiveSegment": Audited("segment", _KEY),
    "unarchiveSegment": Audited("segment", _KEY),
    "importSegment": Audited("segment", _INPUT_KEY),
    "saveTagValueAsSegment": Audited("segment", _INPUT_KEY),
    "saveResultAsSegment": Audited("segment", _INPUT_KEY),
    "deleteSegment": Audited("segment", _KEY),
    "shareSegment": Audited("segment", _KEY),
    "shareTag": Audited("tag", _KEY),
    "favourite": Audited("access", _joined("kind", "key")),
    "unfavourite": Audited("access", _joined("kind", "key")),
    "createTag": Audited("tag", _INPUT_KEY),
    "updateTag": Audited("tag", _KEY),
    "pauseTag": Audited("tag", _KEY),
    "resumeTag": Audited("tag", _KEY),
    "restoreTagVersion": Audited("tag", _KEY),
    "offlineTag": Audited("tag", _KEY),
    "buildTag": Audited("tag", _KEY),
    "deleteTag": Audited("tag", _KEY),
    "importTagValues": Audited("tag", _INPUT_KEY),
    "tagCustomers": Audited("tag", _KEY),
    "untagCustomers": Audited("tag", _KEY),
    "mergeCustomers": Audited("identity", _joined("a", "b")),
    "splitCustomer": Audited("identity", _ID),
    "blockIdentifier": Audited("identity", _identifier),
    "unblockIdentifier": Audited("identity", _identifier),
    "revokeCall": Audited("identity", _call),
    "updateIdentityPolicy": Audited("identity", _nothing),
    "revokeImport": Audited("identity", _argument("source")),
    "acceptReview": Audited("identity", _ID),
    "dismissReview": Audited("identity", _ID),
    "eraseCustomer": Audited("identity", _ID),
    "recordConsent": Audited("privacy", _consenting),
    "restrictCustomer": Audited("privacy", _ID),
    "liftRestriction": Audited("privacy", _ID),
    "putPurpose": Audited("privacy", _KEY),
    "deletePurpose": Audited("privacy", _KEY),
    "setRetention": Audited("privacy", _joined("event", "attribute")),
    "updateAttributeDefinition": Audited("registry", _NAME),
    "updateEventDefinition": Audited("registry", _NAME),
    "updatePropertyDefinition": Audited("registry", _joined("event", "name")),
    "undo": Audited("identity", _argument("decision")),
    "createRole": Audited("access", _KEY),
    "updateRole": Audited("access", _KEY),
    "deleteRole": Audited("access", _KEY),
    "createApiKey": Audited("access", _argument("input", "name")),
    "createWriteKey": Audited("access", _argument("input", "source")),
    "createUser": Audited("access", _nothing),
    "updateUser": Audited("access", _ID),
    "resetPassword": Audited("access", _ID),
    "disableUser": Audited("access", _ID),
    "enableUser": Audited("access", _ID),
    "endSessions": Audited("access", _argument("user")),
    "rotateKey": Audited("access", _ID),
    "revokeKey": Audited("access", _ID),
}
