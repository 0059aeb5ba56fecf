"""Posting and editing from the edge to the log: throttle, check, know who asks, render, write, answer once."""

from webapp import markup
from webapp.domain import accounts, memberships, messages
from webapp.domain.accounts import Actor
from webapp.domain.errors import SignedOut
from webapp.domain.messages import Draft, Message, Repeated
from webapp.domain.transaction import Transaction
from webapp.services.resources import Resources


async def post(resources: Resources, session: str | None, room_id: int, key: str, body: str) -> tuple[Message, bool]:
    """(the message that this draft is now, whether this call made it rather than an earlier one with the same key).

    Who posts is found by the session in the transaction that posts: one hop to the database for both. What takes more
    than a plain line is parsed for members only, hence they are asked for before it, too.
    Raises SignedOut, NotFound, Invalid, TooMany, AnotherText, and the store's Unavailable.
    """
    if session is None:
        raise SignedOut
    messages.check_key(key)
    text = messages.check_body(body, resources.settings.limits.message_characters)
    resources.pace.check(session)
    html = markup.plain_line(text)
    if html is None:
        actor = await resources.work.read(poster, session, room_id, key)
        html = await resources.renderer.render(text, actor.id)
    draft = Draft(key, text, html)
    try:
        zone = resources.community.time_zone
        message = await resources.work.write(post_as, session, room_id, draft, zone)
    except Repeated:
        return await resources.work.read(repeated_as, session, room_id, draft), False
    resources.pace.belongs(session, message.author_id)
    return message, True


def poster(tx: Transaction, session: str, room_id: int, key: str) -> Actor:
    """Who would post here. Raises SignedOut, AnotherPerson, NotFound."""
    actor = accounts.authenticate(tx, session)
    messages.check_owner(actor, key)
    memberships.require(tx, actor, room_id)
    return actor


def post_as(tx: Transaction, session: str, room_id: int, draft: Draft, time_zone: str) -> Message:
    return messages.post(tx, accounts.authenticate(tx, session), room_id, draft, time_zone)


def repeated_as(tx: Transaction, session: str, room_id: int, draft: Draft) -> Message:
    return messages.repeated(tx, accounts.authenticate(tx, session), room_id, draft)


async def edit(
    resources: Resources, session: str | None, message_id: int, body: str, author: int | None = None
) -> Message:
    """Whether the session's person may edit this is asked before the rendering, and again by the transaction that does.

    `author` is whom the form was made for, if it says so.
    Raises SignedOut, AnotherPerson, NotFound, Forbidden, Invalid, TooMany, and the store's Unavailable.
    """
    text = messages.check_body(body, resources.settings.limits.message_characters)
    resources.changes.check(session)
    html = markup.plain_line(text)
    if html is None:
        message = await resources.work.read(own_as, session, author, message_id)
        html = await resources.renderer.render(text, message.author_id)
    changed = await resources.work.write(change_as, session, author, message_id, text, html)
    if session is not None:
        resources.changes.belongs(session, changed.author_id)
    return changed


def own_as(tx: Transaction, session: str | None, author: int | None, message_id: int) -> Message:
    return messages.own(tx, accounts.authenticate(tx, session, author), message_id)


def change_as(
    tx: Transaction, session: str | None, author: int | None, message_id: int, body: str, html: str
) -> Message:
    changed = messages.change(tx, accounts.authenticate(tx, session, author), message_id, body, html)
    accounts.authenticate(tx, session)  # on PostgreSQL it may have waited for the room's lock, and they have signed out
    return changed
