"""The published description of `/v1/*` (OpenAPI 3.1), built from the code's own limits, codes and records."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from ingest.faults import STATUS, IngestCode
from ingest.limits import (
    MAX_BATCH_BYTES,
    MAX_BATCH_CALLS,
    MAX_CALL_BYTES,
    MAX_DEPTH,
    MAX_EVENT_NAME_CHARS,
    MAX_IDENTIFIER_CHARS,
    MAX_MESSAGE_ID_CHARS,
    MAX_NAME_CHARS,
    MAX_NAMES,
)
from ingest.wire import BODY_KINDS, BodyKind, Kind

Schema = dict[str, Any]

API_VERSION = "1"

SUMMARIES: dict[BodyKind, str] = {
    "identify": "Who a person is: identifiers and attributes",
    "track": "What a person did: one event",
    "page": "A page was seen: the event `Page Viewed`",
    "screen": "A screen of an app was seen: the event `Screen Viewed`",
    "group": "A person belongs to a group, e.g. a company",
    "alias": "An earlier id and a user id are one person",
    "batch": f"Up to {MAX_BATCH_CALLS} calls in one request: all of them are kept, or none",
}

CODE_MEANINGS: dict[IngestCode, str] = {
    IngestCode.MALFORMED_JSON: "The body is not JSON in UTF-8.",
    IngestCode.MALFORMED_GZIP: "The body is not gzip, or cut off.",
    IngestCode.WRONG_TYPE: "A field has the wrong type, or a number is out of range. The message names the path.",
    IngestCode.MISSING_FIELD: "A field that this kind of call needs is missing.",
    IngestCode.MISSING_IDENTITY: "Neither `userId` nor `anonymousId` is there.",
    IngestCode.UNKNOWN_KIND: "The `type` of a batched call is none of the six kinds.",
    IngestCode.INVALID_TIME: "A time is not ISO 8601.",
    IngestCode.TIME_OUT_OF_RANGE: "The call's time is before 1970 or more than a day ahead.",
    IngestCode.TOO_DEEP: f"Objects and lists are nested more than {MAX_DEPTH} levels deep.",
    IngestCode.TOO_LONG: "A name, an id or a list is too long.",
    IngestCode.INVALID_CONSENT: "`context.consent` cannot be read.",
    IngestCode.RESERVED_NAME: "A trait with a name that is kept for consents.",
    IngestCode.TOO_MANY_NAMES: f"More than {MAX_NAMES} names in `properties` or `traits`.",
    IngestCode.UNAUTHENTICATED: "The write key is missing or wrong.",
    IngestCode.TOO_SLOW: "The body did not arrive in time; send it again.",
    IngestCode.TOO_LARGE: f"More than {MAX_CALL_BYTES} bytes in a call or {MAX_BATCH_BYTES} in a batch, unpacked.",
    IngestCode.TOO_MANY_CALLS: f"More than {MAX_BATCH_CALLS} calls in a batch.",
    IngestCode.UNSUPPORTED_MEDIA_TYPE: "The content type or encoding is not taken.",
    IngestCode.RATE_LIMITED: "Too many requests are under way, or calls of this source; send again after"
    " `Retry-After` seconds.",
    IngestCode.UNAVAILABLE: "The call cannot be made durable now; send it again.",
}

_ID = {"type": ["string", "integer", "null"], "maxLength": MAX_IDENTIFIER_CHARS}
_TEXT = {"type": ["string", "null"]}
_TIME = {"type": ["string", "null"], "format": "date-time"}
_DOCUMENT = {
    "type": ["object", "null"],
    "maxProperties": MAX_NAMES,
    "propertyNames": {"maxLength": MAX_NAME_CHARS},
    "additionalProperties": True,
}

# Every field of `ingest.wire.WireCall`, by its name in JSON.
CALL_FIELDS: dict[str, Schema] = {
    "type": {**_TEXT, "description": "The kind of call. Needed in a batch, ignored elsewhere: the path says it."},
    "messageId": {
        "type": ["string", "integer", "null"],
        "maxLength": MAX_MESSAGE_ID_CHARS,
        "description": "A call takes effect once for each message id and source, however often it is sent. Made if"
        " absent; without one, a call that is sent twice counts twice.",
    },
    "userId": {**_ID, "description": "The member's id, namespace `user_id`."},
    "anonymousId": {**_ID, "description": "A visitor's id before the person is known, namespace `anonymous_id`."},
    "previousId": {**_ID, "description": "`alias`: the id before the person was known, namespace `anonymous_id`."},
    "groupId": {**_ID, "description": "`group`: the group's key."},
    "event": {**_TEXT, "maxLength": MAX_EVENT_NAME_CHARS, "description": "`track`: the event's name."},
    "name": {**_TEXT, "description": "`page`, `screen`: kept as the property `name`."},
    "category": {**_TEXT, "description": "`page`, `screen`: kept as the property `category`."},
    "properties": {**_DOCUMENT, "description": "What happened, in detail."},
    "traits": {
        **_DOCUMENT,
        "description": "`identify`: attributes of the person; `email` and `phone` become identifiers. `group`: of the"
        " group.",
    },
    "context": {"$ref": "#/components/schemas/Context"},
    "timestamp": {**_TIME, "description": "When it happened, by a clock that is right. Without a zone: UTC."},
    "originalTimestamp": {
        **_TIME,
        "description": "When it happened by the client's clock. With `sentAt` the time is receipt - (sentAt -"
        " originalTimestamp), whatever that clock shows.",
    },
    "sentAt": {**_TIME, "description": "When the client sent it, by the client's clock."},
    "writeKey": {**_TEXT, "description": "The write key, where no Authorization header can be sent."},
}

# Every field of `ingest.wire.Envelope`.
BATCH_FIELDS: dict[str, Schema] = {
    "batch": {"type": "array", "maxItems": MAX_BATCH_CALLS, "items": {"$ref": "#/components/schemas/Call"}},
    "context": {"$ref": "#/components/schemas/Context", "description": "Merged into each call; the call's own wins."},
    "integrations": {"type": ["object", "null"], "additionalProperties": True, "description": "Accepted, not used."},
    "sentAt": CALL_FIELDS["sentAt"],
    "writeKey": CALL_FIELDS["writeKey"],
}

_EXTERNAL_ID: Schema = {
    "type": "object",
    "properties": {
        "type": {
            "type": "string",
            "description": "The namespace: `wx_openid:<app>`, `wx_unionid`, `crm:<source>`, `oaid`, … or another name"
            " of letters, digits, `_` and `.` with an optional `:<qualifier>`.",
        },
        "id": {"type": ["string", "integer", "null"]},
    },
}

_CONTEXT: Schema = {
    "type": ["object", "null"],
    "additionalProperties": True,
    "properties": {
        "device": {
            "type": ["object", "null"],
            "additionalProperties": True,
            "properties": {
                "id": {**_ID, "description": "Namespace `device_id`."},
                "advertisingId": {**_ID, "description": "Namespace `idfa` (iOS), `gaid` (Android), else"
                                  " `advertising_id`, by `type` or `os.name`."},
                "type": _TEXT,
            },
        },
        "traits": {**_DOCUMENT, "description": "The person's traits; attributes are taken from `identify` alone."},
        "externalIds": {"type": ["array", "null"], "items": _EXTERNAL_ID},
        "verified": {
            "type": ["boolean", "null"],
            "description": "false: the e-mail and phone of this call are not known to be this person's.",
        },
    },
}  # fmt: skip


def document() -> Schema:
    """The OpenAPI document as plain data."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kith tracking API",
            "version": API_VERSION,
            "description": "Speaks Segment's HTTP Tracking API, so Segment's and RudderStack's SDKs work unmodified."
            " A 200 means that the calls are on disk. Halves of surrogate pairs and NUL characters are replaced by"
            " U+FFFD.",
        },
        "security": [{"writeKey": []}, {}],
        "paths": {f"/v1/{kind}": {"post": _operation(kind)} for kind in BODY_KINDS}
        | {
            "/v1/openapi.json": {
                "get": {
                    "operationId": "openapi",
                    "summary": "This document",
                    "security": [{}],
                    "responses": {"200": {"description": "OpenAPI 3.1"}},
                }
            }
        },
        "components": {
            "securitySchemes": {
                "writeKey": {"type": "http", "scheme": "basic", "description": "User: the write key; no password."}
            },
            "schemas": _schemas(),
        },
    }


@cache
def document_json() -> bytes:
    """The OpenAPI document as served."""
    return msgspec.json.encode(document())


def _schemas() -> Schema:
    call = {"type": "object", "properties": CALL_FIELDS, "additionalProperties": True}
    return {
        "Call": call,
        "Batch": {"type": "object", "properties": BATCH_FIELDS, "required": ["batch"]},
        "Context": _CONTEXT,
        "Success": {"type": "object", "properties": {"success": {"const": True}}, "required": ["success"]},
        "Fault": {
            "type": "object",
            "properties": {
                "success": {"const": False},
                "code": {"enum": list(STATUS)},
                "message": {"type": "string"},
                "hint": {"type": "string"},
            },
            "required": ["success", "code", "message"],
        },
    }


_NEEDS: dict[Kind, list[Schema]] = {
    "identify": [{"required": ["userId"]}, {"required": ["anonymousId"]}],
    "track": [{"required": ["event", "userId"]}, {"required": ["event", "anonymousId"]}],
    "page": [{"required": ["userId"]}, {"required": ["anonymousId"]}],
    "screen": [{"required": ["userId"]}, {"required": ["anonymousId"]}],
    "group": [{"required": ["groupId", "userId"]}, {"required": ["groupId", "anonymousId"]}],
    "alias": [{"required": ["previousId", "userId"]}],
}


def _operation(kind: BodyKind) -> Schema:
    call: Schema = {"$ref": "#/components/schemas/Call"}
    schema = {"$ref": "#/components/schemas/Batch"} if kind == "batch" else {"allOf": [call, {"anyOf": _NEEDS[kind]}]}
    return {
        "operationId": kind,
        "summary": SUMMARIES[kind],
        "parameters": [
            {
                "name": "Content-Encoding",
                "in": "header",
                "schema": {"enum": ["gzip", "identity"]},
                "description": "gzip is taken; limits count unpacked bytes.",
            }
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {
            "200": _response("Kept: on disk, and applied within moments", "Success"),
            **{str(status): _faults(status) for status in sorted(set(STATUS.values()))},
        },
    }


def _faults(status: int) -> Schema:
    codes = [f"`{code}`: {CODE_MEANINGS[code]}" for code, its_status in STATUS.items() if its_status == status]
    return _response("\n\n".join(codes), "Fault")


def _response(description: str, schema: str) -> Schema:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }
