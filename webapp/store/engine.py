"""SQLAlchemy engines as this program wants them, and the migrations that run at every start."""

import logging
import sqlite3
import time
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError

from webapp.store.driver import BY_HAND

log = logging.getLogger("tertulia.store")
MIGRATIONS = Path(__file__).resolve().parent / "migrations"
MIGRATION_LOCK = 0x7E27


def open_engine(url: str, pool: int = 1, write: bool = True) -> Engine:
    """An engine whose transactions are immediate writes, or reads of one snapshot."""
    if url.startswith("sqlite"):
        return open_sqlite(url, pool, write)
    return create_engine(
        url,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=10,
        pool_use_lifo=True,
        connect_args={"connect_timeout": 5, "application_name": "tertulia"},
        isolation_level="READ COMMITTED" if write else "REPEATABLE READ",
    )


def open_sqlite(url: str, pool: int, write: bool) -> Engine:
    Path(make_url(url).database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        pool_size=pool,
        max_overflow=0,
        connect_args={"check_same_thread": False, "cached_statements": 256},
        execution_options={"begin": "BEGIN IMMEDIATE" if write else "BEGIN"},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # the driver would begin too late, and deferred: we say BEGIN ourselves
        for pragma in (
            "busy_timeout=20000",
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
    """Bring the schema to the newest revision. Two processes that start together run each step once.

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
