"""The command line: `python -m webapp COMMAND`."""

import sys

import click
import uvicorn

from webapp.domain.resources import open_layer
from webapp.settings import Settings, SettingsError, load
from webapp.store.engine import migrate as migrate_database


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
        http="httptools",
        ws="webapp.sockets.protocol:FrameProtocol",
        ws_max_size=limits.frame,
        ws_ping_interval=25,
        ws_ping_timeout=15,
        ws_per_message_deflate=settings.compress_frames,
        timeout_graceful_shutdown=12,
        access_log=False,
        proxy_headers=False,  # web/forwarded.py reads them
        server_header=False,
    )


@cli.command(help="Bring the database's tables to this version. Every start does it too.")
def migrate() -> None:
    migrate_database(loaded().database_url)
    click.echo("The database is up to date.")


def loaded() -> Settings:
    try:
        settings = load()
        open_layer(settings)
    except SettingsError as error:
        sys.exit(f"tertulia: {error}")
    return settings


if __name__ == "__main__":
    cli()
