"""The list of all rooms that a person is in or may join, with the form for a new one."""

from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import rooms
from webapp.domain.accounts import Actor
from webapp.domain.transaction import Transaction
from webapp.web import errors, forms, guards, pages, reasons
from webapp.web.forms import Form
from webapp.web.requests import resources, session_hash


async def page(request: Request) -> Response:
    return await show(request, Form())


async def show(request: Request, form: Form) -> Response:
    """The page, with the form for a new room as it was sent."""
    actor, listings, mine = await guards.read_page(request, rooms.directory)
    layout = pages.layout(request, actor, mine, here="directory")
    return pages.answer("rooms/directory.html", layout, listings=listings, form=form, reason=reasons.told(request))


async def create(request: Request) -> Response:
    """Make a room and go there."""
    form = await forms.read(request)
    new_rooms = resources(request).new_rooms
    try:
        new_rooms.check(session_hash(request))
        actor, room_id = await guards.write(request, created, form)
        new_rooms.belongs(actor.session, actor.id)
    except errors.SHOWN_IN_FORM as error:
        return await errors.show_again(request, form, error, show)
    return pages.see(f"/rooms/{room_id}")


def created(tx: Transaction, actor: Actor, form: Form) -> int:
    """The new room's id. Raises Invalid."""
    values = form.values
    return rooms.create(tx, actor.id, values["name"], values["topic"], values["visibility"] or "open")
