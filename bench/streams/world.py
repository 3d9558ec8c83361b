"""Draws who there is, before anybody does anything."""

from __future__ import annotations

from random import Random

from bench.streams.noise import HISTORY_MS, PHONE_RESTS_MS, PHONE_WAITS_MS, Noise
from bench.streams.people import APPS, Common, Device, Person, Phone, Standing, WeChat, World

# Values and their weights.
DEVICE_COUNTS = ((1, 2, 3), (50, 35, 15))
COOKIE_COUNTS = ((1, 2, 3), (50, 35, 15))
HOUSEHOLD_SIZES = ((1, 2, 3, 4), (50, 30, 15, 5))
TABLET_USERS = (2, 3)
# A number is given up in these parts of the year, so that there is time before it and, after its rest, behind it.
LEAVES = (0.25, 0.40)
CHANGES = (0.30, 0.70)
# Numbers of one person: two at first, one after a change, one that was another's.
PHONES_A_PERSON = 4


def draw_world(chance: Random, persons: int, seed: int, noise: Noise, until_ms: int) -> World:
    """Everybody in a stream. `seed` only goes into names, so that streams of two seeds have no values in common."""
    numbers = range(persons)
    standings = [_standing(chance, noise) for _ in numbers]
    known = [number for number in numbers if standings[number] is not Standing.VISITOR]
    phones = [_phones(chance, number, standings[number], noise, until_ms) for number in numbers]
    recycled = _recycle(chance, phones, known, round(persons * noise.recycled_phone), until_ms)
    emails = [_emails(chance, number, seed, standings[number], noise) for number in numbers]
    foreign = _foreign_emails(chance, emails, known, seed, noise)
    people: list[Person] = []
    for number, standing in enumerate(standings):
        confirmed, unconfirmed = emails[number]
        identified = standing is not Standing.VISITOR
        people.append(
            Person(
                number=number,
                standing=standing,
                user_id=f"m-{seed}-{number}" if standing is Standing.MEMBER else None,
                crm=f"card-{seed}-{number}" if identified and chance.random() < noise.crm else None,
                phones=tuple(phones[number]),
                emails=confirmed,
                unconfirmed=unconfirmed,
                foreign_emails=tuple(foreign.get(number, ())),
                wechat=_wechat(chance, number, seed, noise) if identified and chance.random() < noise.wechat else None,
                devices=_devices(chance, number, seed, standing, noise),
            )
        )
    return World(
        tuple(people),
        _tablets(chance, persons, seed, noise),
        _kiosks(chance, known, persons, seed, noise),
        recycled,
        frozenset(email for typed in foreign.values() for email in typed),
    )


def _standing(chance: Random, noise: Noise) -> Standing:
    drawn = chance.random()
    if drawn < noise.visitors:
        return Standing.VISITOR
    return Standing.GUEST if drawn < noise.visitors + noise.guests else Standing.MEMBER


def _phone(number: int, place: int) -> str:
    # The last two digits differ, or some of these would be fillers like 15000000000.
    return f"+8615{number * PHONES_A_PERSON + place:07d}82"


def _phones(chance: Random, number: int, standing: Standing, noise: Noise, until_ms: int) -> list[Phone]:
    if standing is Standing.VISITOR:
        return []
    start_ms = until_ms - HISTORY_MS
    found = [
        Phone(_phone(number, place), start_ms, until_ms) for place in range(_one_or_two(chance, noise.second_phone))
    ]
    if chance.random() < noise.changed_phone:
        _change(found, start_ms + int(chance.uniform(*CHANGES) * HISTORY_MS), _phone(number, 2), until_ms)
    return found


def _change(phones: list[Phone], at_ms: int, value: str, until_ms: int) -> None:
    """From then on the first number is another one."""
    left = phones[0]
    phones[0] = Phone(left.value, left.since_ms, min(left.until_ms, at_ms))
    phones.append(Phone(value, at_ms, until_ms))


def _recycle(chance: Random, phones: list[list[Phone]], known: list[int], count: int, until_ms: int) -> frozenset[str]:
    """Let first numbers go to others, a person taking part in one such change at most; the numbers concerned."""
    recycled: set[str] = set()
    taking_part = chance.sample(known, min(count * 2, len(known) // 2 * 2))
    for giver, receiver in zip(taking_part[::2], taking_part[1::2], strict=True):
        leaves_ms = until_ms - HISTORY_MS + int(chance.uniform(*LEAVES) * HISTORY_MS)
        takes_ms = leaves_ms + PHONE_RESTS_MS + chance.randrange(PHONE_WAITS_MS)
        value = phones[giver][0].value
        recycled.add(value)
        _change(phones[giver], leaves_ms, _phone(giver, 3), until_ms)
        _change(phones[receiver], takes_ms, value, until_ms)
    return frozenset(recycled)


def _emails(
    chance: Random, number: int, seed: int, standing: Standing, noise: Noise
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Confirmed ones and others; a visitor confirms nothing."""
    own = [f"person{number}.{place}.{seed}@example.org" for place in range(_one_or_two(chance, noise.second_email))]
    if standing is Standing.VISITOR:
        return (), tuple(one for one in own if chance.random() < noise.unconfirmed_email)
    unconfirmed = tuple(one for one in own if chance.random() < noise.unconfirmed_email)
    return tuple(one for one in own if one not in unconfirmed), unconfirmed


def _foreign_emails(
    chance: Random, emails: list[tuple[tuple[str, ...], tuple[str, ...]]], known: list[int], seed: int, noise: Noise
) -> dict[int, list[str]]:
    """Who types which addresses that are not his own."""
    found: dict[int, list[str]] = {}
    for number in range(len(emails)):
        if chance.random() < noise.others_email:
            other = chance.choice(known)
            if other != number:
                found.setdefault(number, []).append(chance.choice([*emails[other][0], *emails[other][1]]))
        if chance.random() < noise.mistyped_email:
            found.setdefault(number, []).append(f"persom{number}.{seed}@example.org")
    return found


def _wechat(chance: Random, number: int, seed: int, noise: Noise) -> WeChat:
    return WeChat(
        f"u-{seed}-{number}",
        tuple(f"o-{seed}-{number}-{place}" for place in range(len(APPS))),
        tuple(f"w-{seed}-{number}-{place}" for place in range(len(APPS))),
        chance.random() >= noise.wechat_unbound,
    )


def _devices(chance: Random, number: int, seed: int, standing: Standing, noise: Noise) -> tuple[Device, ...]:
    found: list[Device] = []
    visitor = standing is Standing.VISITOR
    # Who comes so rarely as never to say a name does not come from several devices.
    for place in range(1 if visitor else _weighted(chance, DEVICE_COUNTS)):
        browser = (place > 0 or visitor) and chance.random() < noise.browser
        never = visitor or (place > 0 and chance.random() < noise.device_without_log_in)
        without = noise.cookie_without_log_in if browser else noise.visit_without_log_in
        count = _weighted(chance, COOKIE_COUNTS)
        # At least one log-in on a device where its owner logs in at all.
        certain = chance.randrange(count)
        log_ins = [not never and (chance.random() >= without or turn == certain) for turn in range(count)]
        cookies = tuple((f"c-{seed}-{number}-{place}-{turn}", log_in) for turn, log_in in enumerate(log_ins))
        found.append(Device(None if browser else f"d-{seed}-{number}-{place}", cookies))
    return tuple(found)


def _tablets(chance: Random, persons: int, seed: int, noise: Noise) -> tuple[Common, ...]:
    """Households are persons next to each other."""
    found: list[Common] = []
    first = 0
    while first < persons:
        size = min(_weighted(chance, HOUSEHOLD_SIZES), persons - first)
        if size > 1 and chance.random() < noise.tablet:
            users = chance.sample(range(first, first + size), min(size, chance.choice(TABLET_USERS)))
            found.append(Common(f"tablet-{seed}-{first}", f"ct-{seed}-{first}", tuple(users)))
        first += size
    return tuple(found)


def _kiosks(chance: Random, known: list[int], persons: int, seed: int, noise: Noise) -> tuple[Common, ...]:
    users = chance.sample(known, min(len(known), round(persons * noise.kiosk_users)))
    count = max(1, persons // noise.persons_a_kiosk)
    return tuple(
        Common(f"kiosk-{seed}-{place}", f"ck-{seed}-{place}", tuple(users[place::count]))
        for place in range(count)
        if users[place::count]
    )


def _one_or_two(chance: Random, second: float) -> int:
    return 2 if chance.random() < second else 1


def _weighted(chance: Random, table: tuple[tuple[int, ...], tuple[int, ...]]) -> int:
    return chance.choices(table[0], table[1])[0]
