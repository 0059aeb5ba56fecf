"""A room's name, topic and visibility, which its owners change."""

from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import memberships, rooms
from webapp.domain.accounts import Actor
from webapp.domain.transaction import Transaction
from webapp.web import errors, forms, guards, pages
from webapp.web.forms import Form
from webapp.web.requests import number


async def page(request: Request) -> Response:
    return await show(request)


async def show(request: Request, form: Form | None = None) -> Response:
    """The form with the room as it is, or as it was sent."""
    room_id = number(request, "room")
    actor, entry, mine = await guards.read_page(request, memberships.manage, room_id)
    room = entry.room
    form = form or forms.filled(name=room.name, topic=room.topic, visibility=room.visibility)
    return pages.answer("rooms/settings.html", pages.layout(request, actor, mine, room_id), room=room, form=form)


async def change(request: Request) -> Response:
    """Raises NotFound, Forbidden for members who do not manage the room."""
    room_id = number(request, "room")
    form = await forms.read(request)
    try:
        await guards.write(request, changed, room_id, form)
    except errors.SHOWN_IN_FORM as error:
        return await errors.show_again(request, form, error, show)
    return pages.see(f"/rooms/{room_id}")


def changed(tx: Transaction, actor: Actor, room_id: int, form: Form) -> None:
    """Change the fields that were sent. Raises NotFound, Forbidden, Invalid."""
    room = memberships.manage(tx, actor, room_id).room
    rooms.change(
        tx,
        actor,
        room_id,
        form.values.get("name", room.name),
        form.values.get("topic", room.topic),
        form.values.get("visibility", room.visibility),
    )
