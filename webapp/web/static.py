"""Serves static files. Their URLs hold a hash of the content, so browsers may keep them for a year."""

import mimetypes
from collections.abc import Mapping
from functools import cache

from starlette.requests import Request
from starlette.responses import Response

from webapp.domain.errors import NotFound
from webapp.templating import STATIC, static_file, static_gzip, static_hash

KEPT = "public, max-age=31536000, immutable"
KINDS: Mapping[str, str] = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".html": "text/html"}


async def file(request: Request) -> Response:
    """A file by hash and path. Raises NotFound, too, for the hash of another release."""
    path = request.path_params["path"]
    if path not in known() or request.path_params["hash"] != static_hash(path):
        raise NotFound
    headers = {"Cache-Control": KEPT, "Vary": "Accept-Encoding"}
    kind = KINDS.get("." + path.rpartition(".")[2]) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(static_gzip(path), media_type=kind, headers={**headers, "Content-Encoding": "gzip"})
    return Response(static_file(path), media_type=kind, headers=headers)


@cache
def known() -> set[str]:
    """The paths that exist: the files in static/, and all style sheets in one."""
    return {"css/all.css"} | {str(each.relative_to(STATIC)) for each in STATIC.rglob("*") if each.is_file()}
