"""One-time links to set a new password: an admin makes one for a member, whoever has it sets the password."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import resets
from webapp.domain.errors import Invalid
from webapp.domain.resets import Listed, Reset
from webapp.services import origins
from webapp.services.passwords import problem
from webapp.web import errors, forms, guards, invitations, moments, pages, passwords, sessions
from webapp.web.forms import Form
from webapp.web.requests import number, resources


@dataclass(frozen=True, slots=True)
class Row:
    """A person in resets/people.html; `link` is empty when there is none to be used, `ends` says until when it is."""

    id: int
    name: str
    username: str
    role: str
    link: str
    ends: str


async def people(request: Request) -> Response:
    """The admin's list of people, those whose name holds `q`."""
    text = request.query_params.get("q", "")[:80].replace("\x00", "")
    actor, found, mine = await guards.read_page(request, resets.everybody, text)
    layout = pages.layout(request, actor, mine, here="people")
    local = origins.hostname(request.headers["host"]) in origins.LOOPBACK
    rows = [row(request, each) for each in found]
    form, full = forms.filled(q=text), len(rows) == resets.LISTED
    return pages.answer("resets/people.html", layout, people=rows, form=form, local=local, full=full)


def row(request: Request, listed: Listed) -> Row:
    person, reset, held = listed.person, listed.reset, resources(request)
    link = ends = ""
    if reset is not None:
        link = f"{invitations.base_url(request)}/reset/{held.signatures.reset_code(reset.id)}"
        ends = moments.moment(reset.expires_at, held.community.time_zone)
    return Row(person.id, person.display_name, person.username, person.role, link, ends)


async def make(request: Request) -> Response:
    user_id = number(request, "user")
    await guards.write(request, resets.make, user_id)
    return pages.see(f"/admin/people#person-{user_id}")


async def page(request: Request) -> Response:
    return await show(request, Form())


async def show(request: Request, form: Form) -> Response:
    reset = await usable(request)
    return pages.answer("resets/page.html", pages.layout(request), form=form, reset=reset)


async def use(request: Request) -> Response:
    """Set the password and sign in with it, here alone."""
    reset = await usable(request)
    form = await forms.read(request)
    try:
        if why := problem(form.values["password"]):
            raise Invalid(password=why)
        password_hash = await passwords.hashed(request, reset.username, form.values["password"])
        user_id = await resources(request).work.write(resets.use, reset.id, password_hash)
    except errors.SHOWN_IN_FORM as error:
        return await errors.show_again(request, form, error, show)
    return await sessions.start(request, user_id, password_hash, "/me?done=reset")


async def usable(request: Request) -> Reset:
    """The link's reset. Raises NotFound, which says why it cannot be used, and TooMany after too many of them."""
    return await guards.by_code(request, "links", resources(request).signatures.reset_id, resets.check)
