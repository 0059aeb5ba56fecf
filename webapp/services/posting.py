"""Posts and edits messages: checks the pace, renders the text, and runs the rule for whoever asks."""

from functools import partial

from webapp import markup
from webapp.domain import memberships, messages
from webapp.domain.accounts import Actor, acting, acting_for
from webapp.domain.errors import SignedOut
from webapp.domain.messages import Draft, Marked, Message, Repeated
from webapp.domain.transaction import Transaction
from webapp.services.resources import Resources


async def post(
    resources: Resources, session: str | None, room_id: int, key: str, body: str, confirmed: bool = False
) -> tuple[Message, bool]:
    """(the message that this draft is now, whether this call made it rather than an earlier one with the same key).

    The session is looked up in the transaction that posts: one hop to the database for both. A text that needs more
    than escaping is rendered for members only, so their right to post is asked for before it, too.
    `confirmed`: its author knows how many people an `@room` in it tells.
    Raises SignedOut, AnotherPerson, NotFound, Invalid, TooMany, AskFirst, AnotherText, and the store's Unavailable.
    """
    if session is None:
        raise SignedOut
    messages.check_key(key)
    text = messages.check_body(body, resources.settings.limits.message_characters)
    resources.pace.check(session)
    html, named = markup.plain_line(text), None
    if html is None:
        actor, _ = await resources.work.read(acting(session, may_post, room_id, key))
        html = await resources.renderer.render(text, actor.id)
        named = marked(html, confirmed)
    draft = Draft(key, text, html, named)
    try:
        zone = resources.community.time_zone
        _, message = await resources.work.write(acting(session, messages.post, room_id, draft, zone))
    except Repeated:
        _, message = await resources.work.read(acting(session, messages.repeated, room_id, draft))
        return message, False
    resources.pace.belongs(session, message.author_id)
    resources.marks.keep(message.author_id, room_id, message.posted_revision)
    return message, True


def marked(html: str, confirmed: bool) -> Marked | None:
    """What looks like mentions in a rendered text."""
    names = markup.names(html)
    return Marked(names, partial(markup.linked, html), confirmed) if names else None


def may_post(tx: Transaction, actor: Actor, room_id: int, key: str) -> None:
    """Raises AnotherPerson for a draft of somebody else's page, NotFound for non-members."""
    messages.check_owner(actor, key)
    memberships.require(tx, actor, room_id)


async def edit(
    resources: Resources,
    session: str | None,
    message_id: int,
    body: str,
    author: int | None = None,
    confirmed: bool = False,
) -> Message:
    """The changed message. The right to edit is asked for before the rendering, and again by the rule that writes.

    `author`: the person whom the form was made for, if it says so. `confirmed` as in `post`.
    Raises SignedOut, AnotherPerson, NotFound, Forbidden, Invalid, TooMany, AskFirst, and the store's Unavailable.
    """
    text = messages.check_body(body, resources.settings.limits.message_characters)
    resources.changes.check(session)
    html = markup.plain_line(text)
    if html is None:
        actor, _ = await resources.work.read(acting_for(session, author, messages.own, message_id))
        html = await resources.renderer.render(text, actor.id)
    named = marked(html, confirmed)
    rule = acting_for(session, author, messages.change, message_id, text, html, named)
    actor, changed = await resources.work.write(rule)
    resources.changes.belongs(actor.session, actor.id)
    return changed
