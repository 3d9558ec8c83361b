"""One customer of the file, looked at; then one visitor, live: anonymous, logged in, in a segment, and out by time."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console

from base.clock import iso, now_ms, parse_iso_ms
from base.errors import Unavailable
from demo.cdnow import ORDER_COMPLETED, Order, by_customer, user_id
from demo.profile import explain, explanation_lines, find_id, find_profile, indented, profile_lines, short
from demo.segments import LAPSED, PLANS, QUICK, WINDOW_S
from demo.service import Arrived, Service

# A fresh Neo4j compiles its statements first; on a busy machine that takes this long.
PATIENCE_S = 30.0
# Between the orders and the login, so that the printed instants tell the two apart.
HESITATION_S = 1.0


async def show_customer(service: Service, orders: Sequence[Order], console: Console) -> None:
    """Print profile and explanation of the lapsed regular with the most orders."""
    holds = next(plan.holds for plan in PLANS if plan.key == LAPSED)
    lapsed = {one: theirs for one, theirs in by_customer(orders).items() if holds and holds(theirs)}
    if not lapsed:
        return
    best = max(lapsed, key=lambda one: len(lapsed[one]))
    profile = await find_profile(service, "user_id", user_id(best))
    if profile is None:
        raise Unavailable("A customer that was applied cannot be found.")
    console.print("\n[bold]3. A customer, and why it is in a segment[/bold]")
    console.print(indented(profile_lines(profile)), markup=False)
    console.print(f"\n   why {LAPSED}?")
    console.print(indented(list(explanation_lines(await explain(service, profile.id, LAPSED)))), markup=False)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person whom no earlier run has seen: on a phone by user id, on a laptop by anonymous id."""

    mark: str = field(default_factory=lambda: secrets.token_hex(3))

    @property
    def user(self) -> dict[str, object]:
        """As the shop's app knows this person."""
        return {"userId": f"demo-{self.mark}"}

    @property
    def anonymous(self) -> dict[str, object]:
        """As the shop's site knows the laptop."""
        return {"anonymousId": f"laptop-{self.mark}"}

    @property
    def traits(self) -> dict[str, object]:
        """What the person said at registration; example.com belongs to nobody."""
        return {"name": "Mia Keller", "email": f"mia.{self.mark}@example.com", "city": "Basel"}

    def call(self, kind: str, who: Mapping[str, object], **more: object) -> dict[str, object]:
        """A call of now, with a message id of its own."""
        message_id = f"demo-{self.mark}-{secrets.token_hex(6)}"
        return {"type": kind, "messageId": message_id, "timestamp": iso(now_ms()), **who, **more}


async def tell(service: Service, console: Console) -> None:
    """The live part. Takes a little more than the window, 10 s."""
    console.print("\n[bold]4. Live: a visitor logs in[/bold]")
    arrived: asyncio.Queue[Arrived] = asyncio.Queue()
    opened = asyncio.Event()
    listener = asyncio.create_task(_listen(service, opened, arrived))
    try:
        async with asyncio.timeout(PATIENCE_S):
            await opened.wait()
        # Once without looking: a fresh Neo4j compiles every statement at its first use, which takes seconds.
        with console.status("   rehearsing"):
            await _tell(service, Console(quiet=True), Visitor(), arrived, until_exit=False)
        await _tell(service, console, Visitor(), arrived)
    except TimeoutError:
        # What ended the listener is the better answer.
        if listener.done() and (fault := listener.exception()):
            raise fault from None
        raise Unavailable(
            f"No update came within {PATIENCE_S:.0f} s; the machine is busy.",
            hint="Run it again, or see `kith status`.",
        ) from None
    finally:
        listener.cancel()


async def _tell(
    service: Service, console: Console, visitor: Visitor, arrived: asyncio.Queue[Arrived], *, until_exit: bool = True
) -> None:
    await _send(service, visitor.call("identify", visitor.user, traits=visitor.traits))
    await _send(service, visitor.call("page", visitor.anonymous, name="Home"))
    known = await find_profile(service, "user_id", str(visitor.user["userId"]))
    unknown = await find_profile(service, "anonymous_id", str(visitor.anonymous["anonymousId"]))
    if known is None or unknown is None:
        raise Unavailable("A customer that was applied cannot be found.")
    console.print(f"   a registered user on a phone     {short(known.id)}")
    console.print(f"   an anonymous visitor on a laptop {short(unknown.id)}")

    first = visitor.call("track", visitor.user, event=ORDER_COMPLETED, properties=_paid(39.9))
    second = visitor.call("track", visitor.anonymous, event=ORDER_COMPLETED, properties=_paid(12.5))
    await _send(service, first, second)
    console.print(f"   {_time(first)}  each of them orders something; nobody ordered twice")
    await asyncio.sleep(HESITATION_S)
    login = visitor.call("identify", {**visitor.user, **visitor.anonymous})
    await service.track([login])
    acknowledged_ms = now_ms()
    console.print(f"   {_time(login)}  the visitor logs in: the two are one person, with two orders")
    entered = await _next(arrived, "ENTERED", {known.id, unknown.id})
    console.print(f"   {_clock(entered.update.occurred_at)}  [green]ENTERED[/green] {QUICK}, {_about(entered)}")
    console.print(
        f"                 here {max(0, entered.at_ms - acknowledged_ms)} ms after the login was acknowledged"
    )
    await _look(service, console, visitor, {known.id, unknown.id})
    if not until_exit:
        return
    with console.status(f"   waiting for {WINDOW_S} s after the first order; nothing is sent"):
        exited = await _next(arrived, "EXITED", {entered.update.customer_id})
    console.print(f"   {_clock(exited.update.occurred_at)}  [red]EXITED[/red]  {QUICK}, {_about(exited)}")
    since_first_ms = parse_iso_ms(exited.update.occurred_at) - parse_iso_ms(str(first["timestamp"]))
    late_ms = exited.at_ms - parse_iso_ms(exited.update.occurred_at)
    console.print(
        f"                 {since_first_ms / 1000:.3f} s after the first order; here {late_ms} ms after that instant\n"
    )


async def _look(service: Service, console: Console, visitor: Visitor, ids: set[str]) -> None:
    """Profile and explanation while the person is in the segment."""
    profile = await find_profile(service, "anonymous_id", str(visitor.anonymous["anonymousId"]))
    if profile is None:
        raise Unavailable("A customer that was applied cannot be found.")
    why = await explain(service, profile.id, QUICK)
    console.print("\n   the profile by the laptop's id:", markup=False)
    console.print(indented(profile_lines(profile)), markup=False)
    for retired in sorted(ids - {profile.id}):
        answer = await find_id(service, retired)
        console.print(f"   {short(retired)} is retired and answers as {short(answer or '')}")
    console.print(f"\n   why {QUICK}?")
    console.print(indented(list(explanation_lines(why))) + "\n", markup=False)


async def _send(service: Service, *calls: Mapping[str, object]) -> None:
    await service.track(calls)
    async with asyncio.timeout(PATIENCE_S):
        await service.wait_until_applied([str(call["messageId"]) for call in calls], pause_s=0.05)


async def _listen(service: Service, opened: asyncio.Event, arrived: asyncio.Queue[Arrived]) -> None:
    async for one in service.updates(QUICK, opened):
        arrived.put_nowait(one)


async def _next(arrived: asyncio.Queue[Arrived], kind: str, customers: set[str]) -> Arrived:
    """The next update of this kind for one of these customers; others, of another run beside this one, are passed."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            one = await arrived.get()
            if one.update.kind == kind and one.update.customer_id in customers:
                return one


def _paid(total: float) -> dict[str, object]:
    return {"total": total, "currency": "EUR"}


def _time(call: Mapping[str, object]) -> str:
    return _clock(str(call["timestamp"]))


def _clock(at: str) -> str:
    """The time of day of an ISO 8601 text, with milliseconds."""
    return at[11:23]


def _about(one: Arrived) -> str:
    return f"customer {short(one.update.customer_id)}, sequence {one.update.sequence}, cause {one.update.cause['kind']}"
