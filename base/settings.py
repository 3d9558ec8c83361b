"""Everything that can be set, from the environment. One object, read once at start and handed down."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from base.key_ring import read_secret, secrets_in
from base.secret import Secret, remember

# Beside the data: keys generated at the first start, and where the local servers of the current run are.
CREDENTIALS_FILE = "credentials.env"
RUNTIME_FILE = "runtime.env"


class Settings(BaseSettings):
    """The settings of a deployment; `docs/operating.md` lists each with its default.

    Source: the environment, then `KITH_DATA_DIR/credentials.env` and `runtime.env` (see `local/`).
    """

    # An empty variable counts as unset; a fault must not print the value, which may be a key.
    model_config = SettingsConfigDict(
        extra="ignore", populate_by_name=True, env_ignore_empty=True, hide_input_in_errors=True
    )

    neo4j_uri: str = Field("bolt://127.0.0.1:7687", validation_alias="NEO4J_URI")
    neo4j_user: str = Field("neo4j", validation_alias="NEO4J_USER")
    neo4j_password: Secret = Field(Secret(), validation_alias="NEO4J_PASSWORD")
    neo4j_database: str = Field("neo4j", validation_alias="NEO4J_DATABASE")
    redis_url: Secret = Field(Secret("redis://127.0.0.1:6379/0"), validation_alias="REDIS_URL")
    # Of the authority that signed a server's certificate, where it is none that the system knows; PEM.
    neo4j_ca_file: str = Field("", validation_alias="NEO4J_CA_FILE")
    redis_ca_file: str = Field("", validation_alias="REDIS_CA_FILE")
    # What this process shows to Redis, where that asks for certificates; PEM.
    redis_certificate_file: str = Field("", validation_alias="REDIS_CERTIFICATE_FILE")
    redis_key_file: str = Field("", validation_alias="REDIS_KEY_FILE")
    host: str = Field("127.0.0.1", validation_alias="KITH_HOST")
    port: int = Field(8000, ge=1, le=65535, validation_alias="KITH_PORT")
    data_dir: Path = Field(Path("var"), validation_alias="KITH_DATA_DIR")
    write_key: Secret = Field(Secret(), validation_alias="KITH_WRITE_KEY")
    admin_token: Secret = Field(Secret(), validation_alias="KITH_ADMIN_TOKEN")
    secret_key: Secret = Field(Secret(), validation_alias="KITH_SECRET_KEY")
    # Where the secret is instead; `load_settings` puts what it finds there into `secret_key`.
    secret_key_file: str = Field("", validation_alias="KITH_SECRET_KEY_FILE")
    secret_key_command: str = Field("", validation_alias="KITH_SECRET_KEY_COMMAND")
    # local: introspection on, readable logs. production: the opposite.
    mode: Literal["local", "production"] = Field("production", validation_alias="KITH_MODE")
    time_zone: str = Field("UTC", validation_alias="KITH_TIME_ZONE")
    phone_region: str = Field("CN", min_length=2, max_length=2, validation_alias="KITH_PHONE_REGION")
    log_level: str = Field("INFO", validation_alias="KITH_LOG_LEVEL")
    allowed_origins: str = Field("", validation_alias="KITH_ALLOWED_ORIGINS")
    slow_query_ms: int = Field(500, ge=1, validation_alias="KITH_SLOW_QUERY_MS")
    change_retention_days: int = Field(7, ge=1, le=365, validation_alias="KITH_CHANGE_RETENTION_DAYS")
    audit_retention_days: int = Field(730, ge=1, le=36_500, validation_alias="KITH_AUDIT_RETENTION_DAYS")
    # Names this process among others of its role; an ingest worker finds its unfinished entries by it.
    small_count: int = Field(10, ge=0, le=10_000, validation_alias="KITH_SMALL_COUNT")
    instance: str = Field("1", pattern=r"[A-Za-z0-9_.-]{1,64}", validation_alias="KITH_INSTANCE")
    # Port on which a role that serves no HTTP shows its metrics; 0: none.
    metrics_port: int = Field(0, ge=0, le=65535, validation_alias="KITH_METRICS_PORT")

    # Processes that share the API's port. Each has its own caches and metrics.
    api_processes: int = Field(1, ge=1, le=64, validation_alias="KITH_API_PROCESSES")
    # Of the local Valkey. everysec: survives a killed process; always: a power cut too, at the cost of an fsync a call.
    appendfsync: Literal["everysec", "always"] = Field("everysec", validation_alias="KITH_APPENDFSYNC")
    # Heap and page cache of the local Neo4j together; 0: by the machine's memory.
    local_memory_mb: int = Field(0, ge=0, validation_alias="KITH_LOCAL_MEMORY_MB")

    # clickhouse://user:password@host:8123/database; empty: a DuckDB file in the data directory.
    columns_url: Secret = Field(Secret(), validation_alias="KITH_COLUMNS_URL")
    # What queries of the columnar store may use together; beyond it they spill to disk.
    columns_memory_mb: int = Field(2048, ge=256, validation_alias="KITH_COLUMNS_MEMORY_MB")

    # Of one statement of a tag. A build waits 55 s for its answer. Memory beyond what others use when it begins.
    sql_time_s: int = Field(30, ge=1, le=50, validation_alias="KITH_SQL_TIME_S")
    sql_memory_mb: int = Field(1536, ge=64, validation_alias="KITH_SQL_MEMORY_MB")

    # Of one API process, subscribers included; each costs some 50 kB. What comes then is answered 503.
    max_connections: int = Field(10_000, ge=10, validation_alias="KITH_MAX_CONNECTIONS")
    # Told to browsers (Strict-Transport-Security); for deployments whose proxy speaks TLS and nothing else.
    hsts_s: int = Field(0, ge=0, validation_alias="KITH_HSTS_SECONDS")

    # Limits by role, as `role=number, …`, beside the built-in ones; see `access/allowance.py`.
    rate_limits: str = Field("", validation_alias="KITH_RATE_LIMITS")
    cost_limits: str = Field("", validation_alias="KITH_COST_LIMITS")
    time_limits: str = Field("", validation_alias="KITH_TIME_LIMITS")
    # Calls a second of one source; 0: no limit. Above what one process takes, so that it stops floods alone.
    tracking_rate: int = Field(100_000, ge=0, validation_alias="KITH_TRACKING_RATE")
    # A file or folder of the only GraphQL documents that are run.
    trusted_documents: str = Field("", validation_alias="KITH_TRUSTED_DOCUMENTS")
    trusted_documents_exempt_admin: bool = Field(False, validation_alias="KITH_TRUSTED_DOCUMENTS_EXEMPT_ADMIN")

    @model_validator(mode="after")
    def _masked(self) -> Settings:
        remember(self.neo4j_password, self.redis_url, self.write_key, self.admin_token, self.columns_url)
        remember(*secrets_in(self.secret_key))
        return self

    @model_validator(mode="after")
    def _with_certificates(self) -> Settings:
        files = {
            "ssl_ca_certs": self.redis_ca_file,
            "ssl_certfile": self.redis_certificate_file,
            "ssl_keyfile": self.redis_key_file,
        }
        given = {name: file for name, file in files.items() if file}
        if given and not self.redis_url.startswith("rediss://"):
            raise ValueError("REDIS_CA_FILE and the like need a REDIS_URL that begins with rediss://")
        # The address carries them to wherever somebody connects by it.
        if given and "ssl_" not in self.redis_url:
            mark = "&" if "?" in self.redis_url else "?"
            self.redis_url = Secret(f"{self.redis_url}{mark}{urlencode(given)}")
        return self

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, OSError) as fault:
            raise ValueError("no time zone of this name; write one as in Europe/Zurich") from fault
        return name


def load_settings() -> Settings:
    """The settings of this process: the environment first, then the two files under `KITH_DATA_DIR`.

    Raises:
        pydantic.ValidationError: a value cannot be what its name says; the text names it.
        ConfigurationFault: the secret cannot be read from where it is said to be.
    """
    data_dir = Path(os.environ.get("KITH_DATA_DIR") or "var")
    files = (data_dir / CREDENTIALS_FILE, data_dir / RUNTIME_FILE)
    # pydantic-settings takes `_env_file` at run time only; its type does not show it.
    settings = Settings(_env_file=files, _env_file_encoding="utf-8")  # type: ignore[call-arg]
    secret = read_secret(settings.secret_key, settings.secret_key_file, settings.secret_key_command)
    remember(*secrets_in(secret))
    return settings.model_copy(update={"secret_key": Secret(secret)})
