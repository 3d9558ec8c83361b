"""What `kith doctor` says of protection: what travels in clear, what can be guessed, what stands open."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from access.allowance import ADMIN_TOKEN, DEFAULT, NO_LIMIT, Allowances
from access.principal import Principal, PrincipalKind
from base.errors import ConfigurationFault
from base.secret import password_in
from base.settings import Settings
from cli.findings import Finding, fault, ok, warning

# The generated ones have 24 bytes or more. Of ten different characters there are ten to the 24th such texts.
MIN_SECRET_CHARS = 24
MIN_DIFFERENT_CHARS = 10
# Of servers, which slow a guesser down themselves.
MIN_PASSWORD_CHARS = 12
ENCRYPTED = frozenset({"neo4j+s", "bolt+s", "rediss"})
UNVERIFIED = frozenset({"neo4j+ssc", "bolt+ssc"})
SOCKETS = frozenset({"unix"})


def examine(settings: Settings) -> list[Finding]:
    """Findings about settings alone: no I/O. On a developer's machine most of it does not matter, and is not said."""
    found = [one for check in (_connections, _secrets, _openness, _limits) for one in check(settings)]
    if settings.mode == "local" and is_loopback(settings.host):
        return [one for one in found if one.subject == "limits"]
    return found or [ok("protection", "connections, secrets and openness as in production")]


def is_loopback(host: str) -> bool:
    """Whether only this machine can be meant."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _connections(settings: Settings) -> Iterator[Finding]:
    for name, address, encrypted in (
        ("NEO4J_URI", settings.neo4j_uri, "neo4j+s:// or bolt+s://"),
        ("REDIS_URL", settings.redis_url, "rediss://"),
    ):
        try:
            parts = urlsplit(address)
        except ValueError:
            yield fault(name, "is no address", f"Correct {name}.")
            continue
        if parts.scheme in SOCKETS or is_loopback(parts.hostname or "localhost"):
            continue
        if parts.scheme in UNVERIFIED:
            advice = f"Use {encrypted}, with NEO4J_CA_FILE where the certificate is your own."
            yield warning(name, "is encrypted, but takes any certificate: who sits between can read along", advice)
        elif parts.scheme not in ENCRYPTED:
            yield warning(name, "sends people's data and its password to another machine in clear", f"Use {encrypted}.")


def _secrets(settings: Settings) -> Iterator[Finding]:
    for name, secret in (("KITH_ADMIN_TOKEN", settings.admin_token), ("KITH_WRITE_KEY", settings.write_key)):
        if secret and (len(secret) < MIN_SECRET_CHARS or len(set(secret)) < MIN_DIFFERENT_CHARS):
            yield fault(
                name, "can be guessed", f"Make one of {MIN_SECRET_CHARS} random characters: openssl rand -hex 24"
            )
    if settings.secret_key and len(set(settings.secret_key.lower())) < MIN_DIFFERENT_CHARS:
        yield fault("KITH_SECRET_KEY", "can be guessed", "Before there is data, make one: openssl rand -hex 32")
    for name, password in (
        ("NEO4J_PASSWORD", settings.neo4j_password),
        ("REDIS_URL", password_in(settings.redis_url)),
    ):
        if len(password) < MIN_PASSWORD_CHARS:
            what = "has a short password" if password else "has no password"
            yield warning(name, what, f"Set one of {MIN_PASSWORD_CHARS} characters or more on the server.")


def _openness(settings: Settings) -> Iterator[Finding]:
    if settings.mode == "local":
        advice = "Set KITH_MODE=production."
        yield warning("KITH_MODE", "local on an address that others reach: the schema shows itself", advice)
    if "*" in settings.allowed_origins:
        advice = "List the origins of your own pages."
        yield warning("KITH_ALLOWED_ORIGINS", "every page may ask", advice)
    if not settings.trusted_documents:
        yield ok("KITH_TRUSTED_DOCUMENTS", "not set: whoever has a token may ask any question within the limits")
    elif settings.trusted_documents_exempt_admin:
        yield ok("KITH_TRUSTED_DOCUMENTS", "set; the token of the environment may run other documents too")


def _limits(settings: Settings) -> Iterator[Finding]:
    try:
        allowances = Allowances(settings.rate_limits, settings.cost_limits, settings.time_limits)
    except ConfigurationFault as problem:
        yield fault("limits", str(problem), "Correct it.")
        return
    somebody = Principal(kind=PrincipalKind.USER, id="", name="", permissions=frozenset())
    if allowances.of(somebody).objects_per_s == NO_LIMIT:
        advice = f"Set {DEFAULT}= in KITH_RATE_LIMITS; {ADMIN_TOKEN}=0 keeps your own scripts free."
        yield warning("limits", "nobody's questions are counted", advice)
    if settings.tracking_rate == 0:
        yield warning("limits", "nobody's calls are counted", "Set KITH_TRACKING_RATE.")
