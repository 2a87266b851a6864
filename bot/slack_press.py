"""What happens after a button is pressed: reasoning opens in a modal, pages and dialogues go on in place."""

import asyncio
import logging
from typing import Any, Protocol

from bot.cards import Card, Notice, PictureCard, ReasoningCard
from bot.door import DeliveryFailed, Door, MessageGone, MessageRef
from bot.presses import Shown, shown_of, told_aside
from bot.request import Address, Press, Request
from bot.slack_adapter import SlackDoor
from bot.slack_api import SlackRefused
from bot.slack_render import loading_modal, modal, notice_modal
from bot.slack_requests import Pressed, place_of

# Slack takes a trigger for three seconds. What is ready in this time opens at once, without "Loading…".
GRACE_S = 0.8
CLOSED_VIEW = frozenset({"not_found", "view_not_found", "hash_conflict"})
NOTHING = Notice(text="There is nothing to show here.")

_log = logging.getLogger(__name__)


class Desk(Protocol):
    """What the Slack service needs of the desk."""

    async def handle(self, request: Request, door: Door) -> None:
        """Carry out a request and post its answer; never raises."""
        ...

    async def press(self, press: Press, door: Door) -> Card | None:
        """Return what a button opens, or None where nothing is to be shown."""
        ...


async def answer(pressed: Pressed, desk: Desk, door: SlackDoor) -> None:
    """Show what a press asks for; a failure to deliver ends in one line of the log."""
    door = door.replying(pressed.response_url)
    try:
        where = shown_of(pressed.press.data) if pressed.view is None else Shown.IN_PLACE
        if where is Shown.OPENED:
            await _open(pressed, desk, door)
        elif where is Shown.BESIDE:
            await _show(pressed, await desk.press(pressed.press, door), door)
        elif where is Shown.POSTED:
            await _posted(pressed, await desk.press(pressed.press, door), door)
        else:
            await _turn(pressed, await desk.press(pressed.press, door), door)
    except DeliveryFailed as error:
        _log.warning("Slack did not take the answer to a button: %s", error)


async def _open(pressed: Pressed, desk: Desk, door: SlackDoor) -> None:
    """Open the reasoning in a modal, within the life of the trigger."""
    metadata = place_of(pressed.press.address)
    work = asyncio.ensure_future(desk.press(pressed.press, door))
    view: str | None = None
    try:
        done, _ = await asyncio.wait({work}, timeout=GRACE_S)
        if not done:
            view = await _try_open(pressed, loading_modal(metadata), door)
        card = await work
    finally:
        work.cancel()
    if view:
        await _fill(view, card or NOTHING, pressed, door, metadata)
    elif isinstance(card, ReasoningCard):
        opened = None if not done else await _try_open(pressed, modal(card, metadata), door)
        if not opened:
            await _into_thread(pressed, card, door)
    elif card is not None:
        await door.answer_press(card, pressed.press.address, pressed.press.person)


async def _try_open(pressed: Pressed, view: dict[str, Any], door: SlackDoor) -> str | None:
    try:
        return await door.open_view(pressed.trigger, view)
    except DeliveryFailed as error:
        _log.info("Slack did not open a modal: %s", error)
        return None


async def _fill(view: str, card: Card, pressed: Pressed, door: SlackDoor, metadata: str) -> None:
    """Put what is ready into the modal that says "Loading…"."""
    shown = modal(card, metadata) if isinstance(card, ReasoningCard) else _as_notice(card, metadata)
    try:
        await door.update_view(view, shown)
    except SlackRefused as error:
        if error.code not in CLOSED_VIEW and isinstance(card, ReasoningCard):
            await _into_thread(pressed, card, door)
    except DeliveryFailed:
        if isinstance(card, ReasoningCard):
            await _into_thread(pressed, card, door)


def _as_notice(card: Card, metadata: str) -> dict[str, Any]:
    return notice_modal(card if isinstance(card, Notice) else NOTHING, metadata)


async def _into_thread(pressed: Pressed, card: ReasoningCard, door: SlackDoor) -> None:
    """Post the reasoning under the card; where that is not possible, to the presser alone."""
    address = pressed.press.address
    thread = address.thread or pressed.card
    if thread is None:
        await door.answer_press(card, address, pressed.press.person)
        return
    await door.send(Address("slack", address.chat, thread), card)


async def _show(pressed: Pressed, card: Card | None, door: SlackDoor) -> None:
    """Show a verdict to whoever asked for it; the summary with the button stays for the others."""
    if card is not None:
        await door.answer_press(card, pressed.press.address, pressed.press.person)


async def _posted(pressed: Pressed, card: Card | None, door: SlackDoor) -> None:
    """Post what a button opens for everybody, in the thread of the card that has the button."""
    if card is None:
        return
    address = pressed.press.address
    if isinstance(card, Notice):
        await door.answer_press(card, address, pressed.press.person)
        return
    await door.send(Address("slack", address.chat, address.thread or pressed.card), card)


async def _turn(pressed: Pressed, card: Card | None, door: SlackDoor) -> None:
    """Show another page, or the next step of a dialogue, where the button was, or a notice beside it."""
    if card is None:
        return
    if pressed.view is None:
        if told_aside(card):
            await door.answer_press(card, pressed.press.address, pressed.press.person)
        elif isinstance(card, PictureCard):
            await _redraw(pressed, card, door)
        else:
            await door.replace_pressed(card)
        return
    try:
        if isinstance(card, ReasoningCard):
            await door.update_view(pressed.view, modal(card, pressed.metadata), seen=pressed.seen)
        else:
            await door.open_view(pressed.trigger, _as_notice(card, pressed.metadata), push=True)
    except SlackRefused as error:
        if error.code not in CLOSED_VIEW:
            raise


async def _redraw(pressed: Pressed, card: PictureCard, door: SlackDoor) -> None:
    """Put a picture where the last one was: through a response URL Slack shows no uploaded file."""
    try:
        if pressed.card is None:
            raise MessageGone("only the presser sees this message")
        await door.edit(MessageRef(pressed.press.address, pressed.card), card)
    except MessageGone:
        await _posted(pressed, card, door)
