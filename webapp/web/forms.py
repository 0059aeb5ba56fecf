"""Reads the form that a request sends, and keeps what is wrong with it, so that it can be shown again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.datastructures import FormData
from starlette.requests import Request

from webapp.domain.errors import DomainError, Invalid
from webapp.web.requests import whole

KINDS = ("application/x-www-form-urlencoded", "multipart/form-data")
MOST_FIELDS = 200
BODY = "body"
WRITTEN = (BODY, "name", "topic", "community", "username")


class Texts(dict[str, str]):
    """Texts by field; empty for a field that is not there."""

    def __missing__(self, name: str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Form:
    """What a form shows: `values` and `errors` by field, "form" for the whole; `problem` is all errors in one text."""

    values: Mapping[str, str] = field(default_factory=Texts)
    errors: Mapping[str, str] = field(default_factory=Texts)
    problem: str = ""

    def refused(self, error: DomainError) -> "Form":
        """The same values, with the error's texts beside their fields."""
        fields = error.fields if isinstance(error, Invalid) else {"form": error.text}
        return Form(self.values, Texts(fields), error.text)


def filled(**values: str) -> Form:
    """A form that nobody has sent yet."""
    return Form(Texts(values))


def kind_of(request: Request) -> str:
    """The body's content type, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def data(request: Request) -> FormData:
    """The body's fields. Raises Invalid for a body that is no form, or no text."""
    kind = kind_of(request)
    if kind not in KINDS:
        raise Invalid(form="A form was expected here.")
    try:
        if kind == "multipart/form-data":
            return encodable(await request.form(max_files=0, max_fields=MOST_FIELDS))
        # A tenth of the time that the streaming parser takes, which is for bodies larger than ours may be.
        body = (await request.body()).decode()
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
        return FormData([(name, value) for name, value in pairs])
    except ValueError:
        raise Invalid(form="The form could not be read.") from None


def encodable(found: FormData) -> FormData:
    """The same. Raises UnicodeError: a multipart form names its own encoding, which may decode to half a character."""
    for _, value in found.multi_items():
        str(value).encode()
    return found


async def author(request: Request) -> int | None:
    """The person whom the form was made for, by its field `as`; None when it does not say. Raises Invalid."""
    value = (await data(request)).get("as") if kind_of(request) in KINDS else None
    if value is None:
        return None
    return whole(value, Invalid(form="The form is damaged. Reload the page; your text can be copied first."))


async def written(request: Request) -> str:
    """What somebody has typed into the form, to be copied. Raises Invalid."""
    found = await data(request)
    return "\n".join(value for name in WRITTEN for value in found.getlist(name) if isinstance(value, str) and value)


async def read(request: Request) -> Form:
    """The form as it was sent. Raises Invalid, also for a NUL outside a message's body: PostgreSQL stores none."""
    found = await data(request)
    if any("\x00" in value for name, value in found.items() if isinstance(value, str) and name != BODY):
        raise Invalid(form="The form holds a character that no text has. Type it again instead of pasting it.")
    return Form(Texts({name: value for name, value in found.items() if isinstance(value, str)}))
