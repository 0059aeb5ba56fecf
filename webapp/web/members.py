"""Who is in a room, as a page; its owners let people in and out."""

from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import memberships
from webapp.domain.accounts import Actor
from webapp.domain.memberships import Entry, Member, Room
from webapp.domain.transaction import Transaction
from webapp.web import errors, forms, guards, pages
from webapp.web.forms import Form
from webapp.web.requests import number


async def members(request: Request) -> Response:
    return await show(request, Form(), 200)


async def show(request: Request, form: Form, status: int) -> Response:
    room_id = number(request, "room")
    actor, (entry, people, mine) = await guards.read(request, listed, room_id)
    frame = pages.page(request, actor, mine, room_id)
    return pages.answer("members/page.html", frame, status, entry=entry, room=entry.room, members=people, form=form)


def listed(tx: Transaction, actor: Actor, room_id: int) -> tuple[Entry, list[Member], list[Room]]:
    entry, people = memberships.members(tx, actor, room_id)
    return entry, people, memberships.mine(tx, actor)


async def add(request: Request) -> Response:
    room_id = number(request, "room")
    form = await forms.read(request)
    try:
        role = form.values["role"] or "member"
        await guards.write(request, memberships.add, room_id, form.values["username"], role)
    except errors.SHOWN_IN_FORM as error:
        form.blame(error)
        return errors.with_wait(await show(request, form, errors.status_of(error)), error)
    return pages.see(f"/rooms/{room_id}/members")


async def ask_to_remove(request: Request) -> Response:
    room_id = number(request, "room")
    actor, (entry, member, mine) = await guards.read(request, removing, room_id, number(request, "user"))
    return pages.answer(
        "members/remove.html", pages.page(request, actor, mine, room_id), room=entry.room, member=member
    )


def removing(tx: Transaction, actor: Actor, room_id: int, user_id: int) -> tuple[Entry, Member, list[Room]]:
    return *memberships.removing(tx, actor, room_id, user_id), memberships.mine(tx, actor)


async def remove(request: Request) -> Response:
    room_id = number(request, "room")
    await guards.write(request, memberships.remove, room_id, number(request, "user"))
    return pages.see(f"/rooms/{room_id}/members")
