"""Which engine the columnar store is on: the settings say."""

from __future__ import annotations

from analytics.engines.local import FilePlace
from analytics.engines.port import Place
from base.errors import ConfigurationFault
from base.keys import Keyring
from base.settings import Settings


def place_of(settings: Settings, keyring: Keyring) -> Place:
    """A file in the data directory, or the server of `KITH_COLUMNS_URL`. Without I/O.

    Raises:
        ConfigurationFault: the address cannot be read, or the client of the server is not installed.
    """
    url = settings.columns_url
    if not url:
        return FilePlace(settings.data_dir, keyring.columns_key(), settings.columns_memory_mb)
    try:
        # Its client is an extra of the installation.
        from analytics.engines.clickhouse.place import ClickHousePlace
    except ModuleNotFoundError as fault:
        raise ConfigurationFault("KITH_COLUMNS_URL needs the extra: pip install 'kith[clickhouse]'.") from fault
    return ClickHousePlace.of(url)
