"""What everybody does in a year: visits with and without a log-in, in turns on tablets, at kiosks, and in forms."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from bench.streams.noise import HISTORY_MS, Noise
from bench.streams.people import APPS, CRM, Common, Device, Person, Phone, Standing, World
from bench.streams.records import Record, Scene
from ingest.identifiers import SeenIdentifier
from ingest.namespaces import ANONYMOUS_ID, DEVICE_ID, EMAIL, PHONE, USER_ID

# Between two calls of a visit, ms.
PAUSE_MS = (5_000, 300_000)
# No visit begins so late that it would leave its cookie's time.
LONGEST_VISIT_MS = 3_600_000
# Calls before a log-in, after it, and after the log-out.
BEFORE, AFTER, AFTERWARDS = (0, 1, 1), (0, 1, 1, 2), (0, 0, 1)
# A contact that was given once is given again at so many of the later log-ins.
AGAIN = 0.3
TURNS_ON_A_TABLET = 2
# A terminal that reads a card names the card and the phone on it; else the member logs in.
CARD_AT_KIOSK = 0.5
LOGGED_IN_FORM = 0.5
PLACEHOLDERS: dict[str, tuple[str, ...]] = {
    USER_ID: ("null", "undefined", "0", "anonymous", "guest", '"null"', "-1"),
    ANONYMOUS_ID: ("undefined", "null", "00000000-0000-0000-0000-000000000000"),
    DEVICE_ID: ("unknown", "0", "9774d56d682e549c", "[object Object]"),
    PHONE: ("13800000000", "0", "11111111111", "null", "+86 188 8888 8888"),
    EMAIL: ("test@test.com", "noreply@shop.example", "null", "undefined", "none@none.com"),
    CRM: ("N/A", "-1", "none"),
}


class Recorder:
    """Writes calls down: in the client's spelling, some with a placeholder besides."""

    def __init__(self, chance: Random, seed: int, noise: Noise):
        self.records: list[Record] = []
        self._chance = chance
        self._seed = seed
        self._noise = noise

    def add(
        self, at_ms: int, identifiers: Iterable[SeenIdentifier], person: int | None, scene: Scene, *, identify: bool
    ) -> None:
        """One call."""
        written = [self._spelled(one) for one in identifiers]
        present = {one.namespace for one in written}
        free = [one for one in PLACEHOLDERS if one not in present]
        if free and self._chance.random() < self._noise.placeholders:
            namespace = self._chance.choice(free)
            verified = all(one.verified for one in written) or namespace not in (PHONE, EMAIL)
            written.append(SeenIdentifier(namespace, self._chance.choice(PLACEHOLDERS[namespace]), verified))
        name = f"s{self._seed}-{len(self.records)}"
        self.records.append(Record(name, at_ms, "identify" if identify else "track", tuple(written), person, scene))

    def _spelled(self, one: SeenIdentifier) -> SeenIdentifier:
        if one.namespace == PHONE:
            digits = one.value.removeprefix("+86")
            forms = (one.value, digits, f"{digits[:3]} {digits[3:7]} {digits[7:]}", f"0086{digits}")
        elif one.namespace == EMAIL:
            forms = (one.value, one.value, one.value.capitalize(), f" {one.value}")
        else:
            return one
        return SeenIdentifier(one.namespace, self._chance.choice(forms), one.verified)


class Life:
    """One person's year."""

    def __init__(self, person: Person, chance: Random, recorder: Recorder, until_ms: int):
        self._person = person
        self._chance = chance
        self._recorder = recorder
        self._start_ms = until_ms - HISTORY_MS
        # Contacts that no log-in has named yet.
        self._pending: list[SeenIdentifier | Phone] = [
            *person.phones,
            *(seen(EMAIL, email) for email in person.emails),
            *([seen(CRM, person.crm)] if person.crm else []),
        ]
        chance.shuffle(self._pending)

    def live(self) -> None:
        """Every visit on the person's own devices, in WeChat and in forms."""
        person = self._person
        for device in person.devices:
            for turn, (_, log_in) in enumerate(device.cookies):
                self._visit(device, turn, self._moment(turn, len(device.cookies)), log_in)
        first = person.devices[0]
        for phone in person.phones:
            if phone.until_ms - phone.since_ms < HISTORY_MS:
                # A number that is held for a part of the year is named in it, or it would not have been there.
                at_ms = self._chance.randrange(phone.since_ms, phone.until_ms - LONGEST_VISIT_MS)
                self._visit(first, self._turn(first, at_ms), at_ms, True, seen(PHONE, phone.value))
        if person.wechat is not None:
            for place in range(len(APPS)):
                self._wechat(place, place == 0 or self._chance.random() < LOGGED_IN_FORM)
        for email in (*person.unconfirmed, *person.foreign_emails):
            self._form(email)

    def log_in(self, at_ms: int, named: SeenIdentifier | None = None) -> list[SeenIdentifier]:
        """What a log-in says of the person: the member and now and then contacts; of a guest a phone and an address.

        Args:
            named: a contact to name; None: the next that no log-in named yet.
        """
        person = self._person
        found = [] if person.user_id is None else [seen(USER_ID, person.user_id)]
        if (first := named or self._unnamed(at_ms)) is not None:
            found.append(first)
        if person.user_id is None or self._chance.random() < AGAIN:
            phones = [phone.value for phone in person.phones if _holds(phone, at_ms)]
            found.append(seen(PHONE, self._chance.choice(phones)))
            if person.emails:
                found.append(seen(EMAIL, self._chance.choice(person.emails)))
        return _one_a_namespace(found)

    def _unnamed(self, at_ms: int) -> SeenIdentifier | None:
        for one in self._pending:
            if not isinstance(one, Phone) or _holds(one, at_ms):
                self._pending.remove(one)
                return seen(PHONE, one.value) if isinstance(one, Phone) else one
        return None

    def _visit(self, device: Device, turn: int, at_ms: int, log_in: bool, named: SeenIdentifier | None = None) -> None:
        person = self._person
        here = [seen(ANONYMOUS_ID, device.cookies[turn][0])]
        if device.device_id is not None:
            here.append(seen(DEVICE_ID, device.device_id))
        before = self._chance.choice(BEFORE) if log_in else 1 + self._chance.choice(BEFORE)
        at_ms = self._look_around(before, here, at_ms, Scene.OWN)
        if not log_in:
            return
        self._recorder.add(at_ms, [*here, *self.log_in(at_ms, named)], person.number, Scene.OWN, identify=True)
        member = [] if person.user_id is None else [seen(USER_ID, person.user_id)]
        at_ms = self._look_around(self._chance.choice(AFTER), [*here, *member], self._later(at_ms), Scene.OWN)
        self._look_around(self._chance.choice(AFTERWARDS), here, at_ms, Scene.OWN)

    def _look_around(self, count: int, here: list[SeenIdentifier], at_ms: int, scene: Scene) -> int:
        """So many calls, a pause after each; when the next one may be."""
        for _ in range(count):
            self._recorder.add(at_ms, here, self._person.number, scene, identify=False)
            at_ms = self._later(at_ms)
        return at_ms

    def _wechat(self, place: int, binds: bool) -> None:
        wechat = self._person.wechat
        assert wechat is not None
        at_ms = self._moment(0, 1)
        here = [seen(ANONYMOUS_ID, wechat.cookies[place]), seen(APPS[place], wechat.openids[place])]
        at_ms = self._look_around(self._chance.choice(BEFORE), here, at_ms, Scene.WECHAT)
        here.append(seen("wx_unionid", wechat.union_id))
        if wechat.bound and binds:
            here += self.log_in(at_ms)
        self._recorder.add(at_ms, _one_a_namespace(here), self._person.number, Scene.WECHAT, identify=True)

    def _form(self, email: str) -> None:
        """An address that nobody vouches for, on an own device."""
        device = self._chance.choice(self._person.devices)
        turn = self._chance.randrange(len(device.cookies))
        at_ms = self._moment(turn, len(device.cookies))
        found = [seen(ANONYMOUS_ID, device.cookies[turn][0]), SeenIdentifier(EMAIL, email, False)]
        if device.device_id is not None:
            found.append(seen(DEVICE_ID, device.device_id))
        if self._person.user_id is not None and device.cookies[turn][1] and self._chance.random() < LOGGED_IN_FORM:
            found.append(seen(USER_ID, self._person.user_id))
        self._recorder.add(at_ms, found, self._person.number, Scene.FORM, identify=True)

    def _moment(self, turn: int, turns: int) -> int:
        """Any time in one of so many equal parts of the year."""
        part_ms = HISTORY_MS // turns
        return self._start_ms + turn * part_ms + self._chance.randrange(part_ms - LONGEST_VISIT_MS)

    def _turn(self, device: Device, at_ms: int) -> int:
        """Which cookie a device has at a time."""
        return min((at_ms - self._start_ms) * len(device.cookies) // HISTORY_MS, len(device.cookies) - 1)

    def _later(self, at_ms: int) -> int:
        return at_ms + self._chance.randint(*PAUSE_MS)


def live_all(world: World, chance: Random, seed: int, noise: Noise, until_ms: int) -> list[Record]:
    """Every call of everybody, in the order of their times."""
    recorder = Recorder(chance, seed, noise)
    lives = [Life(person, chance, recorder, until_ms) for person in world.persons]
    for tablet in world.tablets:
        _use_tablet(tablet, world, lives, chance, recorder, until_ms)
    for kiosk in world.kiosks:
        _use_kiosk(kiosk, world, lives, chance, recorder, noise, until_ms)
    for life in lives:
        life.live()
    recorder.records.sort(key=lambda record: (record.at_ms, record.message_id))
    return recorder.records


def _use_tablet(
    tablet: Common, world: World, lives: list[Life], chance: Random, recorder: Recorder, until_ms: int
) -> None:
    """Whoever takes it looks around, logs in, goes on, and looks around again after the log-out."""
    here = [seen(DEVICE_ID, tablet.device_id), seen(ANONYMOUS_ID, tablet.cookie)]
    turns = list(tablet.persons) * TURNS_ON_A_TABLET
    chance.shuffle(turns)
    times = sorted(until_ms - HISTORY_MS + chance.randrange(HISTORY_MS - LONGEST_VISIT_MS) for _ in turns)
    for number, at_ms in zip(turns, times, strict=True):
        person = world.persons[number]
        calls = [(here, False)] * chance.choice(BEFORE)
        if person.standing is not Standing.VISITOR:
            calls.append(([*here, *lives[number].log_in(at_ms)], True))
            if person.user_id is not None:
                calls += [([*here, seen(USER_ID, person.user_id)], False)] * chance.choice(AFTER)
        calls += [(here, False)] * chance.choice(AFTERWARDS)
        for identifiers, identify in calls:
            recorder.add(at_ms, identifiers, number, Scene.TABLET, identify=identify)
            at_ms += chance.randint(*PAUSE_MS)


def _use_kiosk(
    kiosk: Common, world: World, lives: list[Life], chance: Random, recorder: Recorder, noise: Noise, until_ms: int
) -> None:
    here = [seen(DEVICE_ID, kiosk.device_id), seen(ANONYMOUS_ID, kiosk.cookie)]
    for number in kiosk.persons:
        person = world.persons[number]
        at_ms = until_ms - HISTORY_MS + chance.randrange(HISTORY_MS - LONGEST_VISIT_MS)
        if chance.random() < noise.kiosk_anonymous:
            recorder.add(at_ms, here, None, Scene.KIOSK, identify=False)
            at_ms += chance.randint(*PAUSE_MS)
        phone = next((one for one in person.phones if _holds(one, at_ms)), None)
        if person.crm is not None and phone is not None and chance.random() < CARD_AT_KIOSK:
            known = [seen(CRM, person.crm), seen(PHONE, phone.value)]
        else:
            known = lives[number].log_in(at_ms)
        recorder.add(at_ms, [*here, *known], number, Scene.KIOSK, identify=True)


def seen(namespace: str, value: str) -> SeenIdentifier:
    """An identifier that its call vouches for."""
    return SeenIdentifier(namespace, value, True)


def _holds(phone: Phone, at_ms: int) -> bool:
    return phone.since_ms <= at_ms < phone.until_ms


def _one_a_namespace(identifiers: Iterable[SeenIdentifier]) -> list[SeenIdentifier]:
    """The first of each namespace: a form has one field for each."""
    found: dict[str, SeenIdentifier] = {}
    for one in identifiers:
        found.setdefault(one.namespace, one)
    return list(found.values())
