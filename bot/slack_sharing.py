"""A page of reasoning posted to everybody in the thread of its verdict: once, whoever presses how often."""

import logging
from typing import NamedTuple

from bot.cards import ReasoningCard
from bot.door import ChatGone, DeliveryFailed, MessageGone, Unsure
from bot.evidence_card import web_address
from bot.home_buttons import PREFIX
from bot.request import Address
from bot.slack_adapter import SlackDoor
from bot.slack_requests import Pressed
from core.app.sharing import Sharing
from core.domain.errors import StoreError

LINK_WITHIN_S = 5.0

_log = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """What became of it: a sentence, the address of the message if known, and whether to offer it again."""

    told: str
    link: str | None = None
    again: bool = False


POSTED = Outcome("✓ Posted in the thread of the verdict, for everybody there.")
ON_ITS_WAY = Outcome(
    "This page is on its way to the thread of the verdict. If it is not there in two minutes, post it again.",
    again=True,
)
NOT_INVITED = Outcome("⚠️ Conclave cannot post there. Invite it with /invite @Conclave.", again=True)
NO_THREAD = Outcome("⚠️ The message of the verdict is not there any more, so nothing can be posted under it.")
NOT_TAKEN = Outcome("⚠️ Slack did not take it just now. Try again in a moment.", again=True)


async def share(
    pressed: Pressed, card: ReasoningCard, thread: Address, sharing: Sharing, door: SlackDoor
) -> Outcome:
    """Post a page in a thread, unless it stands there already.

    Raises:
        StoreError: nothing could be read or kept about it, and it was not posted.
    """
    place, page = f"{thread.chat_id}/{thread.thread}", pressed.press.data.removeprefix(PREFIX)
    person = pressed.press.person.id
    before = await sharing.begin(place, page, person)
    if before is not None and before.message is not None:
        try:
            link = await _link(thread, before.message, door)
        except MessageGone:
            before = await sharing.begin(place, page, person, gone=before.message)
        else:
            who = "You have" if before.person == person else "Somebody else has"
            return Outcome(f"✓ {who} posted this page in the thread of the verdict already.", link)
    if before is not None:
        return ON_ITS_WAY
    try:
        posted = await door.send(thread, card)
    except Unsure as error:
        _log.info("Slack did not say whether it took a page into a thread: %s", error)
        return ON_ITS_WAY
    except DeliveryFailed as error:
        _log.info("Slack did not take a page into a thread: %s", error)
        await sharing.failed(place, page)
        return _refused(error)
    try:
        await sharing.posted(place, page, posted.message)
    except StoreError as error:
        _log.warning("That a page was posted in a thread could not be kept: %s", error)
    return POSTED


def _refused(error: DeliveryFailed) -> Outcome:
    match error:
        case ChatGone():
            return NOT_INVITED
        case MessageGone():
            return NO_THREAD
    return NOT_TAKEN


async def _link(thread: Address, message: str, door: SlackDoor) -> str | None:
    """Return the address of a message, None where Slack does not tell it now.

    Raises:
        MessageGone: somebody has deleted it.
    """
    try:
        answer = await door.api.call(
            "chat.getPermalink",
            lambda client: client.chat_getPermalink(channel=thread.chat, message_ts=message),
            timeout_s=LINK_WITHIN_S,
        )
    except MessageGone:
        raise
    except DeliveryFailed:
        return None
    return web_address(answer.get("permalink"))
