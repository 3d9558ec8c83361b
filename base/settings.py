"""Everything that can be set, from the environment. One object, read once at start and handed down."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

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
    neo4j_password: str = Field("", validation_alias="NEO4J_PASSWORD")
    neo4j_database: str = Field("neo4j", validation_alias="NEO4J_DATABASE")
    redis_url: str = Field("redis://127.0.0.1:6379/0", validation_alias="REDIS_URL")
    host: str = Field("127.0.0.1", validation_alias="KITH_HOST")
    port: int = Field(8000, ge=1, le=65535, validation_alias="KITH_PORT")
    data_dir: Path = Field(Path("var"), validation_alias="KITH_DATA_DIR")
    write_key: str = Field("", validation_alias="KITH_WRITE_KEY")
    admin_token: str = Field("", validation_alias="KITH_ADMIN_TOKEN")
    secret_key: str = Field("", validation_alias="KITH_SECRET_KEY")
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

    # What queries of the columnar store may use together; beyond it they spill to disk.
    # clickhouse://user:password@host:8123/database; empty: a DuckDB file in the data directory.
    columns_url: SecretStr = Field(SecretStr(""), validation_alias="KITH_COLUMNS_URL")
    columns_memory_mb: int = Field(2048, ge=256, validation_alias="KITH_COLUMNS_MEMORY_MB")

    # Of one statement of a tag. A build waits 55 s for its answer. Memory beyond what others use when it begins.
    sql_time_s: int = Field(30, ge=1, le=50, validation_alias="KITH_SQL_TIME_S")
    sql_memory_mb: int = Field(1536, ge=64, validation_alias="KITH_SQL_MEMORY_MB")

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
    """
    data_dir = Path(os.environ.get("KITH_DATA_DIR") or "var")
    files = (data_dir / CREDENTIALS_FILE, data_dir / RUNTIME_FILE)
    # pydantic-settings takes `_env_file` at run time only; its type does not show it.
    return Settings(_env_file=files, _env_file_encoding="utf-8")  # type: ignore[call-arg]
