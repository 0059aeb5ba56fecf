"""Templates and static files as the edges use them. Imports nothing else of ours."""

from webapp.templating.dates import clock, day
from webapp.templating.environment import TEMPLATES, environment, render
from webapp.templating.rendered import Log, NewestLogs, RenderedMessages
from webapp.templating.static_files import STATIC, static_file, static_gzip, static_hash, static_url

__all__ = [
    "STATIC",
    "TEMPLATES",
    "Log",
    "NewestLogs",
    "RenderedMessages",
    "clock",
    "day",
    "environment",
    "render",
    "static_file",
    "static_gzip",
    "static_hash",
    "static_url",
]
