"""Each error has one status and says how long to wait; a form that is shown again has both, and what was typed."""

from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import Response

from webapp.domain.errors import AnotherPerson, Busy, Conflict, DomainError, Invalid, NotFound, SignedOut, TooMany
from webapp.domain.messages import AnotherText
from webapp.store.database import Unavailable
from webapp.web import errors, forms
from webapp.web.forms import Form


class OfAnotherText(AnotherText):
    """Three classes below the one that has a status."""


def kinds(above: type[DomainError]) -> Iterator[type[DomainError]]:
    for kind in above.__subclasses__():
        yield kind
        yield from kinds(kind)


@pytest.mark.parametrize(
    ("error", "status", "wait"),
    [
        (NotFound(), 404, None),
        (AnotherPerson("Bea"), 403, None),
        (SignedOut(), 401, None),
        (Invalid(name="too long"), 422, None),
        (OfAnotherText(), 409, None),
        (TooMany("slower", 7), 429, "7"),
        (Busy("later", 2), 503, "2"),
        (Unavailable("away", retry_after=3), 503, "3"),
    ],
)
def test_an_error_has_the_status_of_its_nearest_class(error: Exception, status: int, wait: str | None) -> None:
    answer = errors.answered(Response("", 200), error)  # type: ignore[arg-type]
    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, wait)


def test_every_error_has_a_status_and_a_title() -> None:
    found = list(kinds(DomainError))
    assert len(found) > 8
    for kind in found:
        assert any(each in errors.STATUS for each in kind.__mro__), kind
    assert set(errors.STATUS.values()) <= set(errors.TITLES)


@pytest.mark.anyio
@pytest.mark.parametrize("error", [Invalid(name="A name is missing."), Conflict("It is taken."), Busy("Wait.", 2)])
async def test_a_form_is_shown_again_with_what_was_typed(error: DomainError) -> None:
    seen: list[Form] = []

    async def show(_request: Request, form: Form) -> Response:
        seen.append(form)
        return Response("the page")

    sent = forms.filled(topic="A fine topic")
    request = Request({"type": "http", "method": "POST", "headers": []})
    answer = await errors.show_again(request, sent, error, show)
    assert answer.status_code == errors.status_of(error)
    assert ("Retry-After" in answer.headers) == isinstance(error, TooMany)
    assert seen[0].values["topic"] == "A fine topic"
    assert seen[0].values["name"] == "", "a field that was not sent"
    assert seen[0].errors["name" if isinstance(error, Invalid) else "form"] == seen[0].problem == error.text
    assert not sent.errors, "the form as it was sent is unchanged"
