"""What is hidden of a profile, by the registry and, before it knows a name, by the name."""

from __future__ import annotations

from typing import Any, cast

import msgspec
import pytest

from graph.repositories.event import EventRecord, EventsAsked
from graph.repositories.registry import PersonalName, PiiClass, RegistryRepository
from resolvers.customers import masking
from resolvers.customers.masking import Mask, Masks
from resolvers.customers.profiles import Attribute, Identifier, Profile

ASKED = EventsAsked(count=10)


def profile(attributes: dict[str, object], event: str = "Order Completed", **properties: object) -> Profile:
    return Profile(
        id="cus_1",
        created_at_ms=0,
        updated_at_ms=0,
        attributes={name: Attribute(name, _raw(value), 0, "app") for name, value in attributes.items()},
        identifiers=[
            Identifier("u", "phone", "+8613812345678", 0, 0),
            Identifier("v", "anonymous_id", "laptop-1", 0, 0),
        ],
        memberships=None,
        tags=None,
        events={ASKED: [EventRecord("evt_1", event, 0, 0, "app", _raw(properties))]},
    )


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def shown(mask: Mask, given: Profile) -> tuple[dict[str, Any], dict[str, Any]]:
    """Attributes and the event's properties."""
    masked = mask.profile(given)
    attributes = {name: msgspec.json.decode(each.value) for name, each in masked.attributes.items()}
    return attributes, msgspec.json.decode(masked.events[ASKED][0].properties)


def named(name: str, pii: PiiClass, event: str | None = None) -> PersonalName:
    return PersonalName(event, name, pii)


def test_what_the_registry_does_not_know_is_hidden_by_its_name() -> None:
    attributes, properties = shown(
        Mask(1, ()),
        profile(
            {"name": "Mia Keller", "city": "Basel", "address": {"street": "Rue 1"}},
            name="Blue shoes",
            email="mia@example.com",
            total=39.9,
        ),
    )
    assert attributes == {"name": "Mi…(10)", "city": "Basel", "address": {"street": "Ru…(5)"}}
    assert properties == {"name": "Blue shoes", "email": "m***@example.com", "total": 39.9}


def test_the_registry_has_the_last_word() -> None:
    mask = Mask(
        1,
        [
            named("name", PiiClass.NONE),
            named("address.city", PiiClass.NONE),
            named("income", PiiClass.SENSITIVE),
            named("gift.to", PiiClass.PERSONAL, "Order Completed"),
            named("email", PiiClass.NONE, "Order Completed"),
        ],
    )
    attributes, properties = shown(
        mask,
        profile(
            {"name": "Mia", "income": 5, "address": {"city": "Basel", "street": "Rue 1"}, "none": None},
            gift={"to": "Ben Aydin", "wrap": True},
            email="shop@example.com",
        ),
    )
    assert attributes == {
        "name": "Mia",
        "income": "•••",
        "address": {"city": "Basel", "street": "Ru…(5)"},
        "none": None,
    }
    assert properties == {"gift": {"to": "Be…(9)", "wrap": True}, "email": "shop@example.com"}


def test_a_property_is_classed_by_event() -> None:
    mask = Mask(1, [named("voucher", PiiClass.PERSONAL, "Order Completed")])
    assert shown(mask, profile({}, voucher="ABCDEFG"))[1] == {"voucher": "AB…(7)"}
    assert shown(mask, profile({}, event="Order Seen", voucher="ABCDEFG"))[1] == {"voucher": "ABCDEFG"}


def test_what_is_masked_says_so() -> None:
    masked = Mask(1, ()).profile(profile({"name": "Mia Keller", "city": "Basel"}))
    assert [each.masked for each in masked.identifiers or ()] == [True, False]
    assert {name: each.masked for name, each in masked.attributes.items()} == {"name": True, "city": False}


class Registry:
    def __init__(self) -> None:
        self.names: list[PersonalName] = []
        self.reads = 0

    async def list_personal(self, attributes: object, properties: object) -> list[PersonalName]:
        self.reads += 1
        return list(self.names)


async def test_a_class_is_followed_and_another_mask_has_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry()
    masks = Masks(cast("RegistryRepository", registry))
    first = await masks.current()
    assert await masks.current() is first
    assert registry.reads == 1
    monkeypatch.setattr(masking, "FRESH_S", 0.0)
    assert await masks.current() is first, "the same names are the same mask"
    registry.names = [named("city", PiiClass.PERSONAL)]
    second = await masks.current()
    assert second.key != first.key
    assert shown(second, profile({"city": "Basel"}))[0] == {"city": "Ba…(5)"}
