"""Posts and edits messages: checks the pace, renders the text, and runs the rule for whoever asks."""

from webapp import markup
from webapp.domain import memberships, messages
from webapp.domain.accounts import Actor, acting, acting_for
from webapp.domain.errors import SignedOut
from webapp.domain.messages import Draft, Message, Repeated
from webapp.domain.transaction import Transaction
from webapp.services.resources import Resources


async def post(resources: Resources, session: str | None, room_id: int, key: str, body: str) -> tuple[Message, bool]:
    """(the message that this draft is now, whether this call made it rather than an earlier one with the same key).

    The session is looked up in the transaction that posts: one hop to the database for both. A text that needs more
    than escaping is rendered for members only, so their right to post is asked for before it, too.
    Raises SignedOut, AnotherPerson, NotFound, Invalid, TooMany, AnotherText, and the store's Unavailable.
    """
    if session is None:
        raise SignedOut
    messages.check_key(key)
    text = messages.check_body(body, resources.settings.limits.message_characters)
    resources.pace.check(session)
    html = markup.plain_line(text)
    if html is None:
        actor, _ = await resources.work.read(acting(session, may_post, room_id, key))
        html = await resources.renderer.render(text, actor.id)
    draft = Draft(key, text, html)
    try:
        zone = resources.community.time_zone
        _, message = await resources.work.write(acting(session, messages.post, room_id, draft, zone))
    except Repeated:
        _, message = await resources.work.read(acting(session, messages.repeated, room_id, draft))
        return message, False
    resources.pace.belongs(session, message.author_id)
    resources.marks.keep(message.author_id, room_id, message.posted_revision)
    return message, True


def may_post(tx: Transaction, actor: Actor, room_id: int, key: str) -> None:
    """Raises AnotherPerson for a draft of somebody else's page, NotFound for non-members."""
    messages.check_owner(actor, key)
    memberships.require(tx, actor, room_id)


async def edit(
    resources: Resources, session: str | None, message_id: int, body: str, author: int | None = None
) -> Message:
    """The changed message. The right to edit is asked for before the rendering, and again by the rule that writes.

    `author`: the person whom the form was made for, if it says so.
    Raises SignedOut, AnotherPerson, NotFound, Forbidden, Invalid, TooMany, and the store's Unavailable.
    """
    text = messages.check_body(body, resources.settings.limits.message_characters)
    resources.changes.check(session)
    html = markup.plain_line(text)
    if html is None:
        actor, _ = await resources.work.read(acting_for(session, author, messages.own, message_id))
        html = await resources.renderer.render(text, actor.id)
    actor, changed = await resources.work.write(acting_for(session, author, messages.change, message_id, text, html))
    resources.changes.belongs(actor.session, actor.id)
    return changed
