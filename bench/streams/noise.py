"""How people and their devices differ from the ideal in a generated stream. Every number is an assumption, with why."""

from __future__ import annotations

from dataclasses import dataclass

DAY_MS = 86_400_000
# A year: long enough that a phone leaves one person, rests, and is another's.
HISTORY_DAYS = 365
HISTORY_MS = HISTORY_DAYS * DAY_MS
# Chinese operators keep a number that was given up for 90 days before they sell it again, and do not sell it at once.
PHONE_RESTS_MS = 90 * DAY_MS
PHONE_WAITS_MS = 30 * DAY_MS
# 2025-01-01T00:00Z. Fixed, so that a seed gives the same times on any day; past, since ingest refuses calls to come.
UNTIL_MS = 1_735_689_600_000


@dataclass(frozen=True, slots=True)
class Noise:
    """Shares between 0 and 1. What is "of persons" is drawn once a person, what is "of calls" once a call.

    Where nobody ever logs in, no call says whose a device is: those shares bound what any resolver can find, so
    `bench.accuracy` counts such pairs apart.
    """

    # -- of persons: how well they are known
    # Who shops signs up; a visitor never says who he is and comes from one device; a guest leaves a phone and an e-mail
    # and has no account.
    visitors: float = 0.06
    guests: float = 0.04
    # A second number or address is for work.
    second_phone: float = 0.20
    second_email: float = 0.25
    # Regulars of the shops have a card with a number of the shops' own system.
    crm: float = 0.30
    # Half of the customers come by WeChat too: an official account and a mini program, an openid each.
    wechat: float = 0.50
    # They never press "bind your account" in either, so nothing joins that side to the other.
    wechat_unbound: float = 0.01

    # -- of devices
    # The first is a phone with the app, which knows a device id; half of the others are browsers, which know none.
    browser: float = 0.50
    # A device, other than the first, on which its owner only ever looks around.
    device_without_log_in: float = 0.01
    # A browser's cookie that was deleted before its owner logged in.
    cookie_without_log_in: float = 0.01
    # An app's new installation, where the log-in is put off; the device id still joins it.
    visit_without_log_in: float = 0.20

    # -- of persons: contacts
    # Who changes the number in a year; the old one is nobody's, or was not sold again yet.
    changed_phone: float = 0.02
    # Who gets a number that was another customer's: 5 % of numbers change hands in a year, and the earlier holder is a
    # customer of the same company only now and then.
    recycled_phone: float = 0.005
    # Addresses that were typed into a newsletter's form and never confirmed.
    unconfirmed_email: float = 0.10
    # Who recommends a friend, or sends a voucher: the friend's address in a call of somebody else.
    others_email: float = 0.01
    # A typing error: an address that is nobody's.
    mistyped_email: float = 0.01

    # -- of households and of kiosks
    # Tablets that two or three members of a household of two or more use.
    tablet: float = 0.25
    # Who logs in on a terminal in a shop in a year.
    kiosk_users: float = 0.20
    # Persons a terminal: ten log-ins of different members, far above the three that make a device shared.
    persons_a_kiosk: int = 50
    # Calls without a log-in beside each log-in there.
    kiosk_anonymous: float = 0.50

    # -- of calls
    # Forms with a value that had to be filled in, and programs that send "undefined".
    placeholders: float = 0.05
    # From the moment to the arrival: most within seconds, some after a tunnel, few after a week without network.
    late_hours: float = 0.08
    late_days: float = 0.02
    # A client that saw no answer sends again, with the same message id.
    duplicates: float = 0.03


DEFAULT_NOISE = Noise()
