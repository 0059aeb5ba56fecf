"""Opens SQLAlchemy engines and runs the migrations."""

import logging
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError

from webapp.store import files
from webapp.store.driver import BY_HAND

log = logging.getLogger("tertulia.store")
MIGRATIONS = Path(__file__).resolve().parent / "migrations"
MIGRATION_LOCK = 0x7E27
BUSY_MILLISECONDS = 20_000
# Keep-alives detect a vanished server in about 20 seconds, also on an idle connection.
CONNECTING: Mapping[str, Any] = {
    "connect_timeout": 5,
    "application_name": "tertulia",
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


def open_engine(url: str, pool: int = 1, write: bool = True, seconds: float | None = None) -> Engine:
    """An engine whose transactions are immediate writes, or reads of one snapshot.

    `seconds` bound each statement, and what waits for a lock; without, they may take as long as they need.
    """
    if url.startswith("sqlite"):
        return open_sqlite(url, pool, write, seconds)
    asked = make_url(url).query
    engine = create_engine(
        url,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=10,
        pool_use_lifo=True,
        connect_args={**CONNECTING, **{name: asked[name] for name in CONNECTING if name in asked}},
        isolation_level="READ COMMITTED" if write else "REPEATABLE READ",
    )
    if seconds is not None:
        bound(engine, int(seconds * 1000))
    return engine


def bound(engine: Engine, milliseconds: int) -> None:
    """Set PostgreSQL's timeouts. The lock timeout is half, so that a blocked statement fails with that reason."""
    limits = {
        "statement_timeout": milliseconds,
        "lock_timeout": max(1, milliseconds // 2),
        "idle_in_transaction_session_timeout": milliseconds,
    }

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        for name, value in limits.items():
            connection.execute(f"SET {name} = {value}")
        connection.commit()


def open_sqlite(url: str, pool: int, write: bool, seconds: float | None) -> Engine:
    if (database := files.sqlite_file(url)) is not None:
        files.create(database)
    engine = create_engine(
        url,
        pool_size=pool,
        max_overflow=0,
        connect_args={"check_same_thread": False, "cached_statements": 256},
        execution_options={"begin": "BEGIN IMMEDIATE" if write else "BEGIN"},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # the driver would begin late and deferred: `transaction` sends BEGIN
        for pragma in (
            f"busy_timeout={BUSY_MILLISECONDS if seconds is None else int(seconds * 1000)}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-2048",
            "temp_store=MEMORY",
            f"query_only={'OFF' if write else 'ON'}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get(BY_HAND):
            connection.exec_driver_sql(options["begin"])

    return engine


def migrate(url: str, patience: float = 30.0) -> None:
    """Migrate the schema to the newest revision. Processes that start together run each step once.

    A PostgreSQL server that cannot be reached, as while it restarts, is waited for so many seconds. Raises
    SQLAlchemy's OperationalError.
    """
    deadline = time.monotonic() + patience
    engine = open_engine(url)
    try:
        while True:
            try:
                upgrade(engine)
                return
            except OperationalError as error:
                if engine.dialect.name == "sqlite" or time.monotonic() > deadline:
                    raise
                log.warning("waiting for the database: %s", error.orig)
                time.sleep(1)
    finally:
        engine.dispose()


def upgrade(engine: Engine) -> None:
    with engine.connect() as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        if current(connection) != head():
            command.upgrade(config(connection), "head")


def migrated(connection: Connection) -> bool:
    return current(connection) == head()


def current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str | None:
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def config(connection: Connection | None = None) -> Config:
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    made.attributes["connection"] = connection
    return made
