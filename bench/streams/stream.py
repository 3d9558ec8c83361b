"""A stream: everybody's calls in the order of their times, whose they are, and the order in which they arrive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from bench.streams.behaviour import live_all
from bench.streams.noise import DEFAULT_NOISE, UNTIL_MS, Noise
from bench.streams.people import APPS, CRM, Person, Standing, World
from bench.streams.records import Mark, Record, Truth, uid_of
from bench.streams.world import draw_world
from ingest.namespaces import ANONYMOUS_ID, DEVICE_ID, EMAIL, PHONE, USER_ID

HOUR_MS = 3_600_000
# Mean of the usual way to the server, and how late calls are that wait for a network.
USUAL_DELAY_MS = 2_000
MOST_HOURS_MS = 6 * HOUR_MS
MOST_DAYS_MS = 7 * 24 * HOUR_MS
# A repetition comes at most so long after the first arrival; one in ten comes a third time.
MOST_REPEAT_MS = HOUR_MS
THIRD_TIME = 0.1


@dataclass(frozen=True, slots=True)
class Generated:
    """The calls in the order of their times, each once; the truth; and who there is."""

    records: tuple[Record, ...]
    truth: Truth
    world: World


@dataclass(frozen=True, slots=True)
class Stream:
    """A year of a number of persons. About 13 calls a person and 0.5 KB of memory a call; pure and seeded.

    Args:
        until_ms: the end of the year.
    """

    persons: int
    seed: int = 1
    noise: Noise = DEFAULT_NOISE
    until_ms: int = UNTIL_MS

    def generate(self) -> Generated:
        """All of it; the same for equal arguments."""
        chance = Random(self.seed)
        world = draw_world(chance, self.persons, self.seed, self.noise, self.until_ms)
        records = live_all(world, chance, self.seed, self.noise, self.until_ms)
        return Generated(tuple(records), _truth(world), world)

    def delivered(self, records: Sequence[Record]) -> Iterator[Record]:
        """The calls as they arrive: some late, some twice or three times, with the message id that they had."""
        # Not the generator's numbers again: who is late would depend on who there is.
        chance = Random(~self.seed)
        arrivals: list[tuple[int, int]] = []
        for place, record in enumerate(records):
            at_ms = record.at_ms + _delay_ms(chance, self.noise)
            arrivals.append((at_ms, place))
            if chance.random() < self.noise.duplicates:
                times = 2 if chance.random() < THIRD_TIME else 1
                arrivals += [(at_ms + chance.randrange(MOST_REPEAT_MS), place) for _ in range(times)]
        arrivals.sort()
        for _, place in arrivals:
            yield records[place]


def _delay_ms(chance: Random, noise: Noise) -> int:
    drawn = chance.random()
    if drawn < noise.late_days:
        return chance.randrange(MOST_DAYS_MS)
    if drawn < noise.late_days + noise.late_hours:
        return chance.randrange(MOST_HOURS_MS)
    return int(chance.expovariate(1 / USUAL_DELAY_MS))


def _truth(world: World) -> Truth:
    owners: dict[str, int] = {}
    marks: dict[str, Mark] = {}
    for person in world.persons:
        for uid, mark in _belongings(person):
            owners[uid] = person.number
            if mark is not None:
                marks[uid] = mark
    # A number that changed hands is of the one who had it last.
    since_ms: dict[str, int] = {}
    for person in world.persons:
        for phone in person.phones:
            if phone.since_ms >= since_ms.get(phone.value, phone.since_ms):
                since_ms[phone.value] = phone.since_ms
                owners[uid_of(PHONE, phone.value)] = person.number
    marks |= {uid_of(PHONE, value): Mark.RECYCLED for value in world.recycled}
    for email in world.foreign:
        uid = uid_of(EMAIL, email)
        marks[uid] = Mark.OTHERS_EMAIL if uid in owners else Mark.MISTYPED
    for commons, mark in ((world.tablets, Mark.TABLET), (world.kiosks, Mark.KIOSK)):
        for common in commons:
            marks |= {uid_of(DEVICE_ID, common.device_id): mark, uid_of(ANONYMOUS_ID, common.cookie): mark}
    return Truth(owners, marks)


def _belongings(person: Person) -> Iterator[tuple[str, Mark | None]]:
    """Everything of one person, whether or not a call names it."""
    visitor = Mark.VISITOR if person.standing is Standing.VISITOR else None
    if person.user_id is not None:
        yield uid_of(USER_ID, person.user_id), None
    if person.crm is not None:
        yield uid_of(CRM, person.crm), None
    for phone in person.phones:
        yield uid_of(PHONE, phone.value), None
    for email in person.emails:
        yield uid_of(EMAIL, email), None
    for email in person.unconfirmed:
        yield uid_of(EMAIL, email), visitor or Mark.UNCONFIRMED
    for device in person.devices:
        mark = visitor or (None if device.log_in else Mark.NO_LOG_IN)
        if device.device_id is not None:
            yield uid_of(DEVICE_ID, device.device_id), mark
        for cookie, log_in in device.cookies:
            browser = None if log_in or device.device_id is not None else Mark.COOKIE
            yield uid_of(ANONYMOUS_ID, cookie), mark or browser
    if person.wechat is not None:
        mark = None if person.wechat.bound else Mark.UNBOUND
        yield uid_of("wx_unionid", person.wechat.union_id), mark
        for app, openid, cookie in zip(APPS, person.wechat.openids, person.wechat.cookies, strict=True):
            yield uid_of(app, openid), mark
            yield uid_of(ANONYMOUS_ID, cookie), mark
