"""Renders message bodies: a small Markdown to safe HTML of a bounded size. Imports nothing of ours."""

from webapp.markup.mentions import linked, names
from webapp.markup.plain import PLAIN, as_typed, light, plain_line
from webapp.markup.rendering import STUB, TAGS, markdown, render, render_markdown

__all__ = [
    "PLAIN",
    "STUB",
    "TAGS",
    "as_typed",
    "light",
    "linked",
    "markdown",
    "names",
    "plain_line",
    "render",
    "render_markdown",
]
