"""Nobody between Kith and its stores can read along, or be taken for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from pydantic import ValidationError
from redis.exceptions import RedisError

from base.errors import ConfigurationFault, Unavailable
from base.settings import Settings
from base.valkey import connect
from graph.client import GraphClient
from tests.support.api import running_api
from tests.support.tls import ELSEWHERE, LOOPBACK, Authority, terminating


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"), "authority")


@pytest.fixture(scope="module")
def stranger_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("strange"), "stranger")


def secured(settings: Settings, redis_port: int, **changes: object) -> Settings:
    """The settings with Redis behind TLS on another port."""
    password = urlsplit(settings.redis_url).password or ""
    values = {str(field.validation_alias): getattr(settings, name) for name, field in Settings.model_fields.items()}
    return Settings.model_validate(values | {"REDIS_URL": f"rediss://:{password}@127.0.0.1:{redis_port}/0"} | changes)


async def pings(settings: Settings) -> bool:
    client = connect(settings.redis_url)
    try:
        return bool(await client.ping())
    except (RedisError, OSError):
        return False
    finally:
        await client.aclose()


def port_of(address: str) -> int:
    return urlsplit(address).port or 0


async def test_redis_is_trusted_by_the_authority_that_a_setting_names(
    settings: Settings, authority: Authority, stranger_authority: Authority
) -> None:
    pair = authority.issue("redis", LOOPBACK)
    async with terminating(port_of(settings.redis_url), pair) as port:
        assert await pings(secured(settings, port, REDIS_CA_FILE=str(authority.file)))
        assert not await pings(secured(settings, port, REDIS_CA_FILE=str(stranger_authority.file)))
        assert not await pings(secured(settings, port))


async def test_a_redis_of_another_name_is_not_redis(settings: Settings, authority: Authority) -> None:
    pair = authority.issue("redis-elsewhere", ELSEWHERE)
    async with terminating(port_of(settings.redis_url), pair) as port:
        assert not await pings(secured(settings, port, REDIS_CA_FILE=str(authority.file)))


async def test_redis_may_ask_who_we_are(
    settings: Settings, authority: Authority, stranger_authority: Authority
) -> None:
    pair, ours = authority.issue("redis-asking", LOOPBACK), authority.issue("kith", LOOPBACK)
    strange = stranger_authority.issue("kith", LOOPBACK)

    def shown(one: object) -> dict[str, object]:
        return {"REDIS_CERTIFICATE_FILE": str(one.certificate), "REDIS_KEY_FILE": str(one.key)}  # type: ignore[attr-defined]

    trusting = {"REDIS_CA_FILE": str(authority.file)}
    async with terminating(port_of(settings.redis_url), pair, clients_of=authority.file) as port:
        assert await pings(secured(settings, port, **trusting, **shown(ours)))
        assert not await pings(secured(settings, port, **trusting, **shown(strange)))
        assert not await pings(secured(settings, port, **trusting))


def test_certificates_for_a_redis_in_clear_stop_the_start(settings: Settings) -> None:
    with pytest.raises(ValidationError, match="rediss://"):
        secured(settings, 1, REDIS_URL="redis://127.0.0.1:1/0", REDIS_CA_FILE="ca.pem")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bolt_port(settings: Settings, authority: Authority) -> AsyncIterator[int]:
    async with terminating(port_of(settings.neo4j_uri), authority.issue("neo4j", LOOPBACK)) as port:
        yield port


async def verifies(settings: Settings, port: int, ca_file: Path) -> bool:
    graph = GraphClient(f"bolt+s://127.0.0.1:{port}", "neo4j", settings.neo4j_password, ca_file=str(ca_file))
    try:
        await graph.verify()
    except Unavailable:
        return False
    finally:
        await graph.close()
    return True


async def test_neo4j_is_trusted_by_the_authority_that_a_setting_names(
    settings: Settings, authority: Authority, stranger_authority: Authority, bolt_port: int
) -> None:
    assert await verifies(settings, bolt_port, authority.file)
    assert not await verifies(settings, bolt_port, stranger_authority.file)


async def test_a_neo4j_of_another_name_is_not_neo4j(settings: Settings, authority: Authority) -> None:
    pair = authority.issue("neo4j-elsewhere", ELSEWHERE)
    async with terminating(port_of(settings.neo4j_uri), pair) as port:
        assert not await verifies(settings, port, authority.file)


@pytest.mark.parametrize("uri", ["bolt://127.0.0.1:1", "neo4j://127.0.0.1:1", "bolt+ssc://127.0.0.1:1"])
def test_an_authority_for_a_neo4j_that_is_not_checked_stops_the_start(authority: Authority, uri: str) -> None:
    with pytest.raises(ConfigurationFault, match=r"neo4j\+s://"):
        GraphClient(uri, "neo4j", "password", ca_file=str(authority.file))
    with pytest.raises(ConfigurationFault, match="NEO4J_CA_FILE"):
        GraphClient("bolt+s://127.0.0.1:1", "neo4j", "password", ca_file="nowhere.pem")


async def test_the_api_works_with_both_behind_tls(settings: Settings, authority: Authority, bolt_port: int) -> None:
    async with terminating(port_of(settings.redis_url), authority.issue("both", LOOPBACK)) as port:
        behind = secured(
            settings,
            port,
            REDIS_CA_FILE=str(authority.file),
            NEO4J_URI=f"bolt+s://127.0.0.1:{bolt_port}",
            NEO4J_CA_FILE=str(authority.file),
        )
        async with running_api(behind) as api:
            assert (await api.http.get("/readyz")).json() == {"status": "ready", "neo4j": "ok", "redis": "ok"}
            assert await api.data('{segment(key: "none") {id}}') == {"segment": None}
