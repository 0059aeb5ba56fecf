"""The people of a room: its owners add and remove them; whoever may join does so, and anybody may leave."""

from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import memberships
from webapp.web import errors, forms, guards, pages
from webapp.web.forms import Form
from webapp.web.requests import number


async def page(request: Request) -> Response:
    return await show(request, Form())


async def show(request: Request, form: Form) -> Response:
    """The list, with the form to add somebody. Raises NotFound for non-members."""
    room_id = number(request, "room")
    actor, (entry, people), mine = await guards.read_page(request, memberships.members, room_id)
    layout = pages.layout(request, actor, mine, room_id)
    room = layout.called(entry.room)
    return pages.answer("memberships/page.html", layout, entry=entry, room=room, members=people, form=form)


async def add(request: Request) -> Response:
    """Raises NotFound, Forbidden."""
    room_id = number(request, "room")
    form = await forms.read(request)
    try:
        role = form.values["role"] or "member"
        await guards.write(request, memberships.add, room_id, form.values["username"], role)
    except errors.SHOWN_IN_FORM as error:
        return await errors.show_again(request, form, error, show)
    return pages.see(f"/rooms/{room_id}/members")


async def ask_to_remove(request: Request) -> Response:
    """Asks before somebody is removed."""
    room_id = number(request, "room")
    user_id = number(request, "user")
    actor, (entry, member), mine = await guards.read_page(request, memberships.removing, room_id, user_id)
    layout = pages.layout(request, actor, mine, room_id)
    return pages.answer("memberships/remove.html", layout, room=entry.room, member=member)


async def remove(request: Request) -> Response:
    """Raises NotFound, Forbidden."""
    room_id = number(request, "room")
    await guards.write(request, memberships.remove, room_id, number(request, "user"))
    return pages.see(f"/rooms/{room_id}/members")


async def join(request: Request) -> Response:
    """Raises NotFound for a closed room, Invalid for a person who is in too many."""
    room_id = number(request, "room")
    await guards.write(request, memberships.join, room_id)
    return pages.see(f"/rooms/{room_id}")


async def ask_to_leave(request: Request) -> Response:
    """Asks before a room is left that cannot be joined again."""
    room_id = number(request, "room")
    actor, (entry, last), mine = await guards.read_page(request, memberships.leaving, room_id)
    return pages.answer(
        "memberships/leave.html", pages.layout(request, actor, mine, room_id), room=entry.room, last=last
    )


async def leave(request: Request) -> Response:
    """Raises NotFound for non-members."""
    await guards.write(request, memberships.leave, number(request, "room"))
    return pages.see("/rooms")
