"""Everything about one person as JSON that another service can read: docs/subject-rights.md has its shape."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import msgspec

from base.clock import iso
from resolvers.subject.reading import Subject, SubjectReader

FORMAT: Final = "kith.customer-access"
# Goes up when something of the shape is removed or means something else; what is added leaves it.
VERSION: Final = 1

_encode = msgspec.json.Encoder().encode


async def as_json(reader: SubjectReader, subject: Subject) -> AsyncIterator[bytes]:
    """The document in pieces. One that does not end with `"complete":true` is none.

    Raises:
        Unavailable: a store went away, or who the person is changed: the document stays without its end.
    """
    person = subject.person
    head = {
        "format": FORMAT,
        "version": VERSION,
        "asOf": iso(subject.as_of_ms),
        "customer": {
            "id": person.id,
            "createdAt": iso(person.created_at_ms),
            "updatedAt": iso(person.updated_at_ms),
            "earlierIds": person.earlier,
        },
    }
    yield _encode(head)[:-1]
    cut: dict[str, str] = {}
    for part in reader.parts(subject):
        yield b',\n"' + part.name.encode() + b'":['
        before = b"\n"
        async for page in part.pages:
            if page:
                yield before + b",\n".join(map(_encode, page))
                before = b",\n"
        yield b"]"
        if part.looked_back_to is not None:
            cut[part.name] = part.looked_back_to
    await reader.confirm(subject)
    yield b',\n"lookedBackTo":' + _encode(cut) + b',\n"complete":true}\n'
