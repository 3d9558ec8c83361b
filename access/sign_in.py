"""Signing in, and what people change of their own account: password and second factor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from access import second_factor
from access.passwords import MAX_CHARS, Hasher, problem_with
from access.phones import open_phone, parse_phone, phone_index
from access.sessions import NewSession, Sessions, Tokens
from access.throttle import Throttle
from base.clock import now_ms
from base.errors import BadInput, ErrorCode, KithError
from base.keys import Keyring
from graph.client import GraphClient, Transaction
from graph.repositories import session as session_repository
from graph.repositories import user as repository
from graph.repositories.session import FoundUser
from graph.repositories.user import UserRecord, UserRepository


@dataclass(slots=True)
class Attempt:
    """Somebody's try at an account.

    Args:
        address: IP of whoever asks.
        user: whom it is about, as soon as that is known, though nothing else of it may be right.
    """

    address: str
    user: UserRecord | FoundUser | None = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A second factor that is to be confirmed with a code; the only time that its secret is seen."""

    secret: str
    uri: str


class SignIn:
    """One a process."""

    def __init__(self, graph: GraphClient, redis: Redis, keyring: Keyring, region: str):
        self.sessions = Sessions(graph)
        self.hasher = Hasher()
        self._graph = graph
        self._users = UserRepository(graph)
        self._throttle = Throttle(redis, keyring)
        self._keyring = keyring
        self._region = region

    async def sign_in(self, phone: str, password: str, code: str | None, attempt: Attempt) -> Tokens:
        """Begin a session, always a new one.

        Args:
            code: of the second factor.

        Raises:
            BadInput: a field cannot be right for anybody.
            KithError: UNAUTHENTICATED: the same whatever is wrong, or whoever is unknown or disabled. RATE_LIMITED.
        """
        index = phone_index(self._keyring, parse_phone(phone, self._region))
        _check_length(password, "password")
        await self._throttle.admit(index, attempt.address)
        user = attempt.user = await self._users.find_by_phone(index)
        if not await self.hasher.matches(password, None if user is None else user.password):
            raise _wrong()
        assert user is not None, "nobody's password matches"
        session = NewSession()

        async def work(tx: Transaction) -> UserRecord | None:
            at_ms = now_ms()
            now = await repository.lock(tx, user.id, at_ms)
            # Disabled, or given another password, since it was read.
            if now is None or not now.is_active or now.password != user.password:
                return None
            changes: dict[str, Any] = {"last_sign_in_at": at_ms}
            if now.totp is not None:
                changes["totp_step"] = self._used_step(now, code, at_ms)
            await session.create(tx, user.id, at_ms)
            return await repository.set_properties(tx, user.id, changes)

        signed_in = await self._graph.write("sign_in", work)
        if signed_in is None:
            raise _wrong()
        await self._throttle.succeeded(index, attempt.address)
        return session.tokens(signed_in.must_change)

    async def sign_out(self, access_token: str, attempt: Attempt) -> None:
        """End a session.

        Raises:
            KithError: UNAUTHENTICATED.
        """
        holder = attempt.user = await self.sessions.holder(access_token)
        await self.sessions.end(holder.session)

    async def change_password(self, access_token: str, old: str, new: str, attempt: Attempt) -> None:
        """Another password for whoever has the session; their other sessions end.

        Raises:
            BadInput: the new one is not taken.
            KithError: UNAUTHENTICATED: no session, or the old one is wrong. RATE_LIMITED.
        """
        _check_length(old, "old")
        holder, user = await self._prove(access_token, old, attempt)
        await self._throttle.succeeded(user.phone, attempt.address)
        phone = open_phone(self._keyring, user.sealed, user.phone)
        problem = problem_with(new, phone=phone, name=user.name)
        if problem is None and new == old:
            problem = "This is the password of now."
        if problem is not None:
            raise BadInput(problem, hint="Some words that do not belong together are easy to keep.", field="new")
        kept = await self.hasher.hash(new)

        async def work(tx: Transaction, _user: UserRecord, _at_ms: int) -> None:
            await repository.set_properties(tx, user.id, {"password": kept, "must_change": False})
            await session_repository.delete_of_user(tx, user.id, keep=holder.session)

        # What this try wrote when its answer was lost is no other change.
        await self._change("change_password", user, (user.password, kept), work)

    async def enrol(self, access_token: str, password: str, attempt: Attempt) -> Enrolment:
        """A secret for an authenticator, in force when `confirm` has seen a code of it.

        Raises:
            KithError: UNAUTHENTICATED, FORBIDDEN, RATE_LIMITED.
        """
        _check_length(password, "password")
        holder, user = await self._prove(access_token, password, attempt)
        await self._throttle.succeeded(user.phone, attempt.address)
        _require_own_password(holder)
        secret = second_factor.new_secret()
        sealed = self._keyring.seal_display(secret, second_factor.place(user.phone))

        async def work(tx: Transaction, _user: UserRecord, _at_ms: int) -> None:
            await repository.set_properties(tx, user.id, {"totp_pending": sealed})

        await self._change("enrol_totp", user, (user.password,), work)
        return Enrolment(secret, second_factor.uri(secret, user.name))

    async def confirm(self, access_token: str, code: str, attempt: Attempt) -> None:
        """From now on signing in takes a code.

        Raises:
            BadInput: the code is wrong, or nothing waits for one.
            KithError: UNAUTHENTICATED, FORBIDDEN, RATE_LIMITED.
        """
        holder = attempt.user = await self.sessions.holder(access_token)
        _require_own_password(holder)
        await self._throttle.admit(holder.id, attempt.address)

        async def work(tx: Transaction) -> None:
            at_ms = now_ms()
            user = await repository.lock(tx, holder.id, at_ms)
            if user is None or user.totp_pending is None:
                raise BadInput("No second factor waits to be confirmed.", hint="Enrol first.", field="code")
            step = second_factor.step_of(self._secret(user.phone, user.totp_pending), code, at_ms, None)
            if step is None:
                raise BadInput("The code is wrong.", hint="Is the clock of the authenticator right?", field="code")
            changes = {"totp": user.totp_pending, "totp_pending": None, "totp_step": step}
            await repository.set_properties(tx, user.id, changes)

        await self._graph.write("confirm_totp", work)
        await self._throttle.succeeded(holder.id, attempt.address)

    async def remove(self, access_token: str, password: str, code: str, attempt: Attempt) -> None:
        """Signing in takes no code any more.

        Raises:
            KithError: UNAUTHENTICATED: no session, or password or code is wrong. RATE_LIMITED.
        """
        _check_length(password, "password")
        _holder, user = await self._prove(access_token, password, attempt)

        async def work(tx: Transaction, now: UserRecord, at_ms: int) -> None:
            if now.totp is not None:
                self._used_step(now, code, at_ms)
            await repository.set_properties(tx, user.id, {"totp": None, "totp_pending": None, "totp_step": None})

        await self._change("remove_totp", user, (user.password,), work)
        # Not before: a wrong code counts too.
        await self._throttle.succeeded(user.phone, attempt.address)

    async def _prove(self, access_token: str, password: str, attempt: Attempt) -> tuple[FoundUser, UserRecord]:
        """The holder of a session, who knows their password too."""
        holder = await self.sessions.holder(access_token)
        user = attempt.user = await self._users.find(holder.id)
        if user is None:
            raise _wrong()
        await self._throttle.admit(user.phone, attempt.address)
        if not await self.hasher.matches(password, user.password):
            raise _wrong()
        return holder, user

    async def _change(
        self,
        name: str,
        user: UserRecord,
        passwords: tuple[str, ...],
        work: Callable[[Transaction, UserRecord, int], Awaitable[None]],
    ) -> None:
        """Change a user who is active and whose password is still one of these."""

        async def guarded(tx: Transaction) -> None:
            at_ms = now_ms()
            now = await repository.lock(tx, user.id, at_ms)
            if now is None or not now.is_active or now.password not in passwords:
                raise _wrong()
            await work(tx, now, at_ms)

        await self._graph.write(name, guarded)

    def _used_step(self, user: UserRecord, code: str | None, at_ms: int) -> int:
        assert user.totp is not None, "there is a second factor"
        if not code:
            hint = "Send the code of your authenticator as `totp`."
            raise KithError(ErrorCode.UNAUTHENTICATED, "A code is needed besides.", hint=hint, field="totp")
        step = second_factor.step_of(self._secret(user.phone, user.totp), code, at_ms, user.totp_step)
        if step is None:
            raise _wrong()
        return step

    def _secret(self, phone: str, sealed: bytes) -> str:
        return self._keyring.open_display(sealed, second_factor.place(phone))


def _check_length(password: str, field: str) -> None:
    if not 1 <= len(password) <= MAX_CHARS:
        raise BadInput(f"A password has 1 to {MAX_CHARS} characters.", field=field)


def _require_own_password(holder: FoundUser) -> None:
    if holder.must_change:
        raise KithError(ErrorCode.FORBIDDEN, "The password has to be changed first.", hint="POST /auth/password.")


def _wrong() -> KithError:
    return KithError(ErrorCode.UNAUTHENTICATED, "The phone number, the password or the code is wrong.")
