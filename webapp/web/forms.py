"""A form as it was sent, and what is wrong with it: shown again with all that was typed."""

from collections import defaultdict
from urllib.parse import parse_qsl

from starlette.datastructures import FormData
from starlette.requests import Request

from webapp import numbers
from webapp.domain.errors import DomainError, Invalid

KINDS = ("application/x-www-form-urlencoded", "multipart/form-data")
MOST_FIELDS = 200
BODY = "body"
WRITTEN = (BODY, "name", "topic", "community", "username")


class Form:
    """`values` by field, `errors` by field; both are empty texts for what is not there. "form" holds for the whole."""

    def __init__(self, values: dict[str, str] | None = None) -> None:
        self.values: defaultdict[str, str] = defaultdict(str, values or {})
        self.errors: defaultdict[str, str] = defaultdict(str)

    def blame(self, error: DomainError) -> None:
        """Put the error's text where the person looks."""
        if isinstance(error, Invalid):
            self.errors.update(error.fields)
        else:
            self.errors["form"] = error.text


def kind_of(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def data(request: Request) -> FormData:
    """The body's fields. Raises Invalid for one that is no form, or no text."""
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
    """The same. A multipart form names its own encoding, which may make what is no text: UnicodeError."""
    for _, value in found.multi_items():
        str(value).encode()
    return found


async def author(request: Request) -> int | None:
    """The person whom the form was made for. None when it does not say, as those of bots do not. Raises Invalid."""
    if kind_of(request) not in KINDS:
        return None
    return person_in(await data(request))


def person_in(found: FormData) -> int | None:
    """The same of a form that is read already."""
    value = found.get("as")
    person = numbers.whole(value) if value is not None else None
    if value is not None and person is None:
        raise Invalid(form="The form is damaged. Reload the page; your text can be copied first.")
    return person


async def written(request: Request) -> str:
    """What somebody has typed into the form, to be copied."""
    found = await data(request)
    return "\n".join(value for name in WRITTEN for value in found.getlist(name) if isinstance(value, str) and value)


async def read(request: Request) -> Form:
    """Raises Invalid, also for a NUL: PostgreSQL keeps none. A message's body leaves its own out."""
    found = await data(request)
    if any("\x00" in value for name, value in found.items() if isinstance(value, str) and name != BODY):
        raise Invalid(form="The form holds a character that no text has. Type it again instead of pasting it.")
    return Form({name: value for name, value in found.items() if isinstance(value, str)})
