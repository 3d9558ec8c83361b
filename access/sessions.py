"""Sessions: a pair of tokens at a time, which the holder of the refresh token exchanges for the next."""

from __future__ import annotations

import hmac
import os
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final

import msgspec

from access.principal import Principal, PrincipalKind
from access.roles import in_force, principal_of
from access.tokens import TokenKind, new_token, token_hash
from base.clock import now_ms
from base.errors import ErrorCode, KithError
from graph.client import GraphClient, Transaction
from graph.repositories import session as repository
from graph.repositories.session import FoundUser, SessionRecord, SessionRepository
from graph.repositories.user import ACTIVE

ACCESS_MS: Final = 15 * 60_000
IDLE_MS: Final = 12 * 3_600_000
LONGEST_MS: Final = 7 * 24 * 3_600_000
# A client whose answer was lost, or two windows of it, exchange one token twice within moments and get the same pair.
GRACE_MS: Final = 10_000
# A person's browsers and devices; the oldest session makes room.
MAX_SESSIONS: Final = 20
_SECRET_BYTES: Final = 30
_ID_BYTES: Final = 12
SESSION_PREFIX: Final = "ses_"


class Tokens(msgspec.Struct, frozen=True, rename="camel"):
    """What a session is used with; the only time that it is seen.

    Args:
        expires_in: of the access token, seconds.
        must_change_password: until then the session opens nothing else.
    """

    access_token: str
    refresh_token: str
    expires_in: int
    must_change_password: bool = False


class NewSession:
    """A session to be made; its tokens are chosen once, however often the transaction is tried."""

    def __init__(self) -> None:
        self._id = SESSION_PREFIX + secrets.token_hex(_ID_BYTES)
        self._family = new_token(TokenKind.REFRESH)
        self._secret = secrets.token_urlsafe(_SECRET_BYTES)
        self._access = new_token(TokenKind.ACCESS)

    async def create(self, tx: Transaction, user_id: str, at_ms: int) -> None:
        """Write it; the oldest of the user make room."""
        await repository.create(
            tx,
            user_id,
            self._id,
            {
                "family": token_hash(self._family),
                "secret": token_hash(self._secret),
                "access": token_hash(self._access),
                "created_at": at_ms,
                "rotated_at": at_ms,
                "access_until": at_ms + ACCESS_MS,
                "idle_until": at_ms + IDLE_MS,
                "ends_at": at_ms + LONGEST_MS,
            },
        )
        await repository.prune(tx, user_id, at_ms, MAX_SESSIONS)

    def tokens(self, must_change: bool) -> Tokens:
        """Its first pair."""
        return Tokens(self._access, f"{self._family}.{self._secret}", ACCESS_MS // 1000, must_change)


class Sessions:
    """Finds, exchanges and ends sessions."""

    def __init__(self, graph: GraphClient):
        self._graph = graph
        self._repository = SessionRepository(graph)

    async def find(self, hashed: str) -> Principal | None:
        """Who may ask with an access token, by its hash.

        Raises:
            KithError: FORBIDDEN: they have to change their password first.
        """
        found = await self._repository.find(hashed, now_ms())
        if found is None:
            return None
        if found.must_change:
            hint = "POST /auth/password with the password of now and a new one."
            raise KithError(ErrorCode.FORBIDDEN, "The password has to be changed first.", hint=hint)
        return principal_of(PrincipalKind.USER, found.id, found.name, found.roles, in_force(found.stored), None)

    async def holder(self, access_token: str) -> FoundUser:
        """Whose an access token is, whether or not the password has to be changed first.

        Raises:
            KithError: UNAUTHENTICATED.
        """
        found = None
        if access_token.startswith(TokenKind.ACCESS):
            found = await self._repository.find(token_hash(access_token), now_ms())
        if found is None:
            raise KithError(ErrorCode.UNAUTHENTICATED, "The session is over.", hint="Sign in.")
        return found

    async def refresh(self, refresh_token: str) -> Tokens:
        """The next pair for a refresh token; one that was exchanged before ends the session.

        Raises:
            KithError: UNAUTHENTICATED.
        """
        family, _, secret = refresh_token.partition(".")
        salt = os.urandom(_SECRET_BYTES)

        async def work(tx: Transaction) -> Tokens | None:
            at_ms = now_ms()
            found = await repository.lock(tx, token_hash(family), at_ms)
            if found is None:
                return None
            session, status = found
            if status != ACTIVE or at_ms >= min(session.idle_until, session.ends_at):
                await repository.delete(tx, session.id)
                return None
            return await _exchange(tx, session, family, secret, salt, at_ms)

        tokens = await self._graph.write("refresh_session", work)
        if tokens is None:
            raise KithError(ErrorCode.UNAUTHENTICATED, "The session is over.", hint="Sign in.")
        return tokens

    async def end(self, session_id: str) -> None:
        """End a session, within seconds everywhere."""

        async def work(tx: Transaction) -> None:
            await repository.delete(tx, session_id)

        await self._graph.write("end_session", work)


async def _exchange(
    tx: Transaction, session: SessionRecord, family: str, secret: str, salt: bytes, at_ms: int
) -> Tokens | None:
    hashed = token_hash(secret)
    if hmac.compare_digest(hashed, session.secret):
        next_secret, access = _derived(secret, salt, "refresh"), TokenKind.ACCESS + _derived(secret, salt, "access")
        access_until = min(at_ms + ACCESS_MS, session.ends_at)
        await repository.rotate(
            tx,
            session.id,
            {
                "secret": token_hash(next_secret),
                "before": hashed,
                "access": token_hash(access),
                "salt": salt,
                "rotated_at": at_ms,
                "access_until": access_until,
                "idle_until": at_ms + IDLE_MS,
            },
        )
        return Tokens(access, f"{family}.{next_secret}", (access_until - at_ms) // 1000)
    is_before = session.before is not None and hmac.compare_digest(hashed, session.before)
    if is_before and session.salt is not None and at_ms - session.rotated_at <= GRACE_MS:
        next_secret = _derived(secret, session.salt, "refresh")
        access = TokenKind.ACCESS + _derived(secret, session.salt, "access")
        return Tokens(access, f"{family}.{next_secret}", max(0, session.access_until - at_ms) // 1000)
    # Somebody has an old token: its owner or a thief. Who is who cannot be told, so both sign in again.
    await repository.delete(tx, session.id)
    return None


def _derived(secret: str, salt: bytes, what: str) -> str:
    """240 bits that follow from the token that is exchanged, and not from what is stored."""
    mac = hmac.new(secret.encode("utf-8", "surrogatepass"), salt + what.encode(), sha256)
    return urlsafe_b64encode(mac.digest()[:_SECRET_BYTES]).decode()
