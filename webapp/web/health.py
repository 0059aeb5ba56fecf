"""Answers to monitoring: whether the process runs, and whether it can store posts."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from webapp.domain.transaction import Transaction
from webapp.store.database import Unavailable
from webapp.store.engine import migrated
from webapp.web.requests import resources


async def up(_request: Request) -> Response:
    """200 while the process runs."""
    return PlainTextResponse("up\n")


async def ready(request: Request) -> Response:
    """200 while posts can be stored, `degraded` when other processes learn of them only by their sweep. Else 503.

    Anybody may ask, so the causes, which name hosts, are only logged.
    """
    held = resources(request)
    try:
        schema = await held.work.read(schema_is_current)
        database = "ok" if schema else "not migrated"
    except Unavailable as error:
        database = "unavailable"
        held.sparse_log.warning("database", "not ready: the database is unavailable: %s", error)
    layer = "ok" if held.layer.connected else "away"
    if layer == "away":
        problem = held.layer.problem or "not connected yet"
        held.sparse_log.warning("channel layer", "not ready: the channel layer is away: %s", problem)
    status = "down" if database != "ok" else "ok" if layer == "ok" else "degraded"
    return JSONResponse(
        {"status": status, "database": database, "channel_layer": layer}, 503 if status == "down" else 200
    )


def schema_is_current(tx: Transaction) -> bool:
    return migrated(tx.connection)
