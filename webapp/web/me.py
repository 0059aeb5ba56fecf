"""The page on which somebody changes what they show of themselves, and their password; and their own style sheet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from webapp.domain import accounts, blocks, people, resets
from webapp.domain.accounts import Actor
from webapp.domain.blocks import BlockedPerson
from webapp.domain.errors import Invalid, SignedOut
from webapp.domain.people import Profile
from webapp.domain.transaction import Transaction
from webapp.services.passwords import problem
from webapp.templating import render
from webapp.web import browsers, errors, forms, guards, moments, pages, passwords
from webapp.web.forms import Form, Texts
from webapp.web.requests import resources

DONE: Mapping[str, str] = {
    "profile": "Saved. It stands at once wherever people see you.",
    "status": "Your status is set.",
    "no-status": "Your status is taken away.",
    "password": "Your password is changed. You were signed out everywhere else.",
    "reset": "Your new password is set, and you are signed in with it. You were signed out everywhere else.",
}
"""What has been done, by the code in the URL, which never carries a text."""
ENDS: Sequence[tuple[str, str]] = (
    ("", "Until I take it away"), ("half-hour", "For 30 minutes"), ("hour", "For 1 hour"),
    ("four-hours", "For 4 hours"), ("today", "Today"), ("week", "For a week"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Own:
    """What me/page.html shows beside its forms. `part`: the form that was refused. `zone`: the community's."""

    part: str
    username: str
    zone: str
    ends: Sequence[tuple[str, str]]
    status_end: str
    done: str
    blocked: Sequence[BlockedPerson]


async def page(request: Request) -> Response:
    return await show(request, Form(), "")


async def show(request: Request, form: Form, part: str) -> Response:
    """All forms as things are, and the one that was sent as it was."""
    actor, (found, blocked), mine = await guards.read_page(request, read)
    now, zone = moments.now(), resources(request).community.time_zone
    status = people.status(found, now)
    filled = {"display_name": found.display_name, "about": found.about, "time_zone": found.time_zone, "status": status}
    view = Own(
        part, found.username, zone, ENDS, moments.until(found, zone) if status else "",
        DONE.get(request.query_params.get("done", ""), "") if request.method == "GET" else "", blocked,
    )  # fmt: skip
    shown = Form(Texts(filled | dict(form.values)), form.errors, form.problem)
    return pages.answer("me/page.html", pages.layout(request, actor, mine, here="me"), form=shown, view=view)


def read(tx: Transaction, actor: Actor) -> tuple[Profile, list[BlockedPerson]]:
    """(what they show of themselves, whom they have blocked)."""
    return own(tx, actor), blocks.everybody(tx, actor)


def own(tx: Transaction, actor: Actor) -> Profile:
    return people.find(tx, actor, actor.id)


async def change(request: Request) -> Response:
    form = await forms.read(request)
    values = form.values
    try:
        await guards.write(request, people.change, values["display_name"], values["about"], values["time_zone"])
    except errors.SHOWN_IN_FORM as error:
        return await errors.show_again(request, form, error, partial(show, part="profile"))
    resources(request).newest.clear()  # kept with the name of before
    resources(request).people.forget()
    return pages.see("/me?done=profile")


async def set_status(request: Request) -> Response:
    form = await forms.read(request)
    zone = resources(request).community.time_zone
    try:
        await guards.write(request, people.set_status, form.values["status"], form.values["lasting"], zone)
    except errors.SHOWN_IN_FORM as error:
        return await errors.show_again(request, form, error, partial(show, part="status"))
    return pages.see(f"/me?done={'status' if form.values['status'].strip() else 'no-status'}")


async def change_password(request: Request) -> Response:
    """The old password is tried as at the door: counted first, and refused in the same words."""
    form = await forms.read(request)
    new = form.values["new_password"]
    try:
        actor, _ = await guards.read_for(request, own)
        if why := problem(new):
            raise Invalid(new_password=why)
        user_id, before = await tried(request, actor, form.values["old_password"])
        password_hash = await passwords.hashed(request, actor.username, new)
        await guards.write(request, set_password, before, password_hash)
    except errors.SHOWN_IN_FORM as error:
        return await errors.show_again(request, form, error, partial(show, part="password"))
    response = pages.see("/me?done=password")
    browsers.remember(request, response, user_id, password_hash)
    return response


async def tried(request: Request, actor: Actor, password: str) -> tuple[int, str]:
    """(id, password hash). Raises Invalid for a wrong one, TooMany, Busy."""
    try:
        return await passwords.check(request, actor.username, password)
    except SignedOut as error:
        raise Invalid(old_password=error.text) from error


def set_password(tx: Transaction, actor: Actor, before: str, password_hash: str) -> None:
    """Raises Conflict."""
    accounts.set_password(tx, actor.id, before, password_hash, actor.session)
    resets.end(tx, actor.id)


async def style(request: Request) -> Response:
    """Marks the person's own messages. Hides, but never protects."""
    actor = await guards.signed_in(request)
    headers = {"Cache-Control": "private, max-age=3600"}
    return Response(render("me.css", actor=actor), media_type="text/css", headers=headers)
