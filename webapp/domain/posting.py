"""Posting and editing from the edge to the log: throttle, check, render beside the loop, write, answer once."""

import asyncio

from webapp import markup
from webapp.domain import messages
from webapp.domain.accounts import Actor
from webapp.domain.errors import TooMany
from webapp.domain.messages import Draft, Message, Repeated
from webapp.domain.resources import Resources

SLOW_MARKUP = 1_000
PATIENCE = 5


async def post(resources: Resources, actor: Actor, room_id: int, key: str, body: str) -> tuple[Message, bool]:
    """(the message that this draft is now, whether this call made it rather than an earlier one with the same key).

    Raises NotFound, Invalid, TooMany, and the store's Unavailable.
    """
    messages.check_key(key)
    text = messages.check_body(body, resources.settings.limits.message_characters)
    if not await resources.throttle.may_post(actor.id):
        raise TooMany("You are posting very fast. Your text is kept: send it again in a few seconds.", PATIENCE)
    draft = Draft(key, text, await rendered(text))
    try:
        return await resources.work.write(messages.post, actor, room_id, draft, resources.community.time_zone), True
    except Repeated:
        return await resources.work.read(messages.repeated, actor, room_id, key), False


async def edit(resources: Resources, actor: Actor, message_id: int, body: str) -> Message:
    text = messages.check_body(body, resources.settings.limits.message_characters)
    return await resources.work.write(messages.change, actor, message_id, text, await rendered(text))


async def rendered(text: str) -> str:
    if len(text) < SLOW_MARKUP and "```" not in text:
        return markup.render(text)
    return await asyncio.to_thread(markup.render, text)
