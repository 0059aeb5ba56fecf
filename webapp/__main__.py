"""The command line: `python -m webapp COMMAND`."""

import sys

import click
import uvicorn

from webapp.domain import installation, resets
from webapp.domain.errors import NotFound
from webapp.domain.transaction import Transaction
from webapp.services.resources import check_redis
from webapp.services.signatures import Signatures
from webapp.settings import Settings, SettingsError, load
from webapp.store.engine import migrate as migrate_database
from webapp.store.engine import open_engine

WORKER_SILENT_SECONDS = 60
"""Seconds for a worker to start: it imports for 1 s of CPU, and eight on a quarter of a core take 32 s."""


@click.group(help="Tertulia, a group chat that you host yourself.")
def cli() -> None:
    """Its commands follow."""


@cli.command(help="Serve the chat.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
def serve(host: str) -> None:
    settings = loaded()
    limits = settings.limits
    uvicorn.run(
        "webapp.main:app",
        host=host,
        port=settings.port,
        workers=settings.workers,
        loop="uvloop",
        http="webapp.transport.http:BoundedHttp",
        ws="webapp.sockets.protocol:FrameProtocol",
        ws_max_size=limits.frame,
        ws_ping_interval=25,
        ws_ping_timeout=15,
        ws_per_message_deflate=settings.compress_frames,
        timeout_graceful_shutdown=12,
        timeout_worker_healthcheck=WORKER_SILENT_SECONDS,
        access_log=False,
        proxy_headers=False,  # web/forwarded.py reads them
        server_header=False,
    )


@cli.command(help="Bring the database's tables to this version. Every start does it too.")
def migrate() -> None:
    migrate_database(loaded().database_url)
    click.echo("The database is up to date.")


@cli.command(help="Give the copy of a database a name of its own, so that it may share the original's Redis.")
def separate() -> None:
    url = loaded().database_url
    migrate_database(url)
    engine = open_engine(url)
    with engine.connect() as connection, connection.begin():
        name = installation.rename(Transaction(connection))
    engine.dispose()
    click.echo(f"This installation is now {name}. Restart what serves it.")


@cli.command(help="Make a link with which this person sets a new password: once, within a day.")
@click.argument("username")
def reset_password(username: str) -> None:
    settings = loaded()
    migrate_database(settings.database_url)
    engine = open_engine(settings.database_url)
    try:
        with engine.connect() as connection, connection.begin():
            reset_id = resets.make_for(Transaction(connection), username)
    except NotFound as error:
        sys.exit(f"tertulia: {error.text}")
    finally:
        engine.dispose()
    base = settings.public_url or f"http://127.0.0.1:{settings.port}"
    click.echo(f"{base}/reset/{Signatures(settings.secret_keys).reset_code(reset_id)}")


def loaded() -> Settings:
    try:
        settings = load()
        check_redis(settings)
    except SettingsError as error:
        sys.exit(f"tertulia: {error}")
    return settings


if __name__ == "__main__":
    cli()
