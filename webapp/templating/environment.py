"""The Jinja environment: it escapes every value, and fails on a value that is not there."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from webapp import emoji
from webapp.templating.avatars import initials, tint
from webapp.templating.dates import brief, clock, day, iso
from webapp.templating.references import code, references
from webapp.templating.static_files import icon_url, static_url

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"

environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
    cache_size=-1,
)
environment.filters.update(initials=initials, tint=tint, iso=iso, code=code, references=references, called=emoji.name)
environment.globals.update(static_url=static_url, icon_url=icon_url, brief=brief, clock=clock, day=day)


@lru_cache(maxsize=256)
def template(name: str) -> Template:
    """Raises TemplateNotFound."""
    return environment.get_template(name)


def render(name: str, /, **values: Any) -> str:
    """The template with these values. Raises UndefinedError when one is missing, TemplateNotFound."""
    return template(name).render(values)
