"""An answer to somebody who asks for everything about themselves, for whoever answers for the company."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from enum import StrEnum
from typing import Final, NamedTuple

from audit.entry import Actor, Entry
from base.clock import now_ms
from base.errors import BadInput
from graph.repositories.registry import RegistryRepository
from resolvers.subject.html_form import as_html
from resolvers.subject.json_form import as_json
from resolvers.subject.reading import PARTS, Subject, SubjectReader

ACTION: Final = "accessCustomer"


class Form(StrEnum):
    """How it is written; the value is the ending of a file too."""

    JSON = "json"
    HTML = "html"

    @property
    def media_type(self) -> str:
        """Of HTTP."""
        return "application/json" if self is Form.JSON else "text/html; charset=utf-8"


class Opened(NamedTuple):
    """A person and what is known of them in pieces, which are read when they are wanted.

    Args:
        filename: without anything of the person but the id.
    """

    subject: Subject
    form: Form
    filename: str
    pieces: Callable[[], AsyncIterator[bytes]]


async def open_access(reader: SubjectReader, registry: RegistryRepository, customer: str, form: Form) -> Opened:
    """Everything about who a living or retired id means.

    Raises:
        NotFound: nobody.
    """
    subject = await reader.open(customer)

    def pieces() -> AsyncIterator[bytes]:
        return as_json(reader, subject) if form is Form.JSON else as_html(reader, subject, registry)

    return Opened(subject, form, f"{subject.person.id}.{form}", pieces)


def form_of(text: str) -> Form:
    """Raises:
    BadInput: no such form.
    """
    try:
        return Form(text)
    except ValueError:
        raise BadInput("There is no such format.", hint="It is json or html.", field="format") from None


def entry_of(opened: Opened, actor: Actor, purpose: str | None) -> Entry:
    """What the operation log has of it: a read of all that there is."""
    return Entry(
        at_ms=now_ms(),
        module="customer",
        action=ACTION,
        object=opened.subject.person.id,
        user=actor.id,
        user_name=actor.name,
        roles=actor.roles,
        purpose=purpose,
        customers=(opened.subject.person.id,),
        customer_count=1,
        fields=tuple(f"Customer.{name}" for name in PARTS),
    )
