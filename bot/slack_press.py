"""What happens after a button is pressed: reasoning opens in a modal, pages and dialogues go on in place."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from bot.cards import Card, Notice, PictureCard, ReasoningCard
from bot.door import DeliveryFailed, Door, MessageGone, MessageRef
from bot.faults import notice_of
from bot.home_buttons import posts
from bot.presses import Shown, shown_of, told_aside
from bot.request import Address, Press, Request
from bot.slack_adapter import SlackDoor
from bot.slack_api import SlackRefused
from bot.slack_modals import View, card_modal, loading_modal, modal, notice_modal
from bot.slack_requests import Pressed, place_of, thread_from
from bot.slack_sharing import share
from core.app.app import App
from core.domain.errors import ConclaveError

# Slack takes a trigger for three seconds. What is ready in this time opens at once, without "Loading…".
GRACE_S = 0.8
CLOSED_VIEW = frozenset({"not_found", "view_not_found", "hash_conflict"})
TOO_DEEP = "push_limit_reached"
NOTHING = Notice(text="There is nothing to show here.")

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Desk(Protocol):
    """What the Slack service needs of the desk."""

    app: App

    async def handle(self, request: Request, door: Door) -> None:
        """Carry out a request and post its answer; never raises."""
        ...

    async def press(self, press: Press, door: Door) -> Card | None:
        """Return what a button opens, or None where nothing is to be shown."""
        ...


async def answer(pressed: Pressed, desk: Desk, door: SlackDoor) -> None:
    """Show what a press asks for; a failure to deliver ends in one line of the log."""
    door = door.replying(pressed.response_url)
    where = Shown.OPENED if pressed.home else shown_of(pressed.press.data)
    try:
        if pressed.view is not None and posts(pressed.press.data):
            await _post(pressed, desk, door)
        elif pressed.view is not None or where is Shown.IN_PLACE:
            await _turn(pressed, await desk.press(pressed.press, door), door)
        elif where is Shown.OPENED:
            await _open(pressed, desk, door)
        elif where is Shown.POSTED:
            await _posted(pressed, await desk.press(pressed.press, door), door)
        else:
            await _show(pressed, await desk.press(pressed.press, door), door)
    except DeliveryFailed as error:
        _log.warning("Slack did not take the answer to a button: %s", error)


async def _open(pressed: Pressed, desk: Desk, door: SlackDoor) -> None:
    """Open what a button shows in a modal; where Slack opens none, reasoning goes into the thread."""
    metadata = place_of(pressed.press.address, pressed.card)

    def drawn(card: Card | None) -> View | None:
        if card is None or (isinstance(card, Notice) and not pressed.home):
            return None
        return card_modal(card, metadata, post=thread_from(metadata) is not None)

    card, view = await opened(pressed.trigger, desk.press(pressed.press, door), drawn, door, metadata)
    if view is None and isinstance(card, ReasoningCard):
        await _into_thread(pressed, card, door)
    elif view is None and card is not None and not pressed.home:
        await door.answer_press(card, pressed.press.address, pressed.press.person)


async def opened(
    trigger: str,
    work: Coroutine[Any, Any, T],
    drawn: Callable[[T], View | None],
    door: SlackDoor,
    metadata: str = "",
) -> tuple[T, str | None]:
    """Open a modal with what `work` gives, within the life of the trigger: "Loading…" first where it is slow.

    `drawn` makes the modal of it, or None where none is to be opened; one that says "Loading…" already then
    says that there is nothing to show. Returns what `work` gave and the modal's id, None where no modal shows
    it. A modal that the person has closed in the meantime counts as shown.
    """
    task = asyncio.ensure_future(work)
    view: str | None = None
    try:
        done, _ = await asyncio.wait({task}, timeout=GRACE_S)
        if not done:
            view = await _try_open(trigger, loading_modal(metadata), door)
        result = await task
    finally:
        task.cancel()
    shown = drawn(result)
    if view is not None:
        filled = await _filled(view, shown or _nothing(result, metadata), door)
        return result, view if filled else None
    if not done or shown is None:
        return result, None
    return result, await _try_open(trigger, shown, door)


async def _try_open(trigger: str, view: View, door: SlackDoor) -> str | None:
    try:
        return await door.open_view(trigger, view)
    except DeliveryFailed as error:
        _log.info("Slack did not open a modal: %s", error)
        return None


async def _filled(view: str, shown: View, door: SlackDoor) -> bool:
    """Put what is ready into the modal that says "Loading…"; False where Slack did not take it."""
    try:
        await door.update_view(view, shown)
    except SlackRefused as error:
        return error.code in CLOSED_VIEW
    except DeliveryFailed:
        return False
    return True


def _nothing(result: object, metadata: str) -> View:
    return notice_modal(result if isinstance(result, Notice) else NOTHING, metadata)


async def _into_thread(pressed: Pressed, card: ReasoningCard, door: SlackDoor) -> None:
    """Post the reasoning under the card; where that is not possible, to the presser alone."""
    address = pressed.press.address
    thread = address.thread or pressed.card
    if pressed.home:
        return
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
            await _redraw_picture(pressed, card, door)
        else:
            await door.replace_pressed(card)
        return
    if isinstance(card, Notice):
        await laid_on_top(pressed, card, door)
        return
    thread = thread_from(pressed.metadata)
    if isinstance(card, PictureCard) and thread is not None:
        await door.send(thread, card)  # no modal shows an uploaded file
        return
    await _redraw(pressed, card_modal(card, pressed.metadata, post=thread is not None), door)


async def laid_on_top(pressed: Pressed, notice: Notice, door: SlackDoor) -> None:
    """Show a notice on top of the modal with the button; in its place where three lie there already.

    Raises:
        DeliveryFailed: Slack did not take it.
    """
    shown = notice_modal(notice, pressed.metadata)
    try:
        await door.open_view(pressed.trigger, shown, push=True)
    except SlackRefused as error:
        if error.code != TOO_DEEP:
            raise
        await _redraw(pressed, shown, door)


async def _redraw(pressed: Pressed, view: View, door: SlackDoor) -> None:
    """Replace what the modal shows, unless the person has closed it or something newer stands there."""
    assert pressed.view is not None  # noqa: S101 - only asked for presses inside a modal
    try:
        await door.update_view(pressed.view, view, seen=pressed.seen)
    except SlackRefused as error:
        if error.code not in CLOSED_VIEW:
            raise


async def _redraw_picture(pressed: Pressed, card: PictureCard, door: SlackDoor) -> None:
    """Put a picture where the last one was: through a response URL Slack shows no uploaded file."""
    try:
        if pressed.card is None:
            raise MessageGone("only the presser sees this message")
        await door.edit(MessageRef(pressed.press.address, pressed.card), card)
    except MessageGone:
        await _posted(pressed, card, door)


async def _post(pressed: Pressed, desk: Desk, door: SlackDoor) -> None:
    """Show the page to everybody, in the thread of the verdict, and say in the modal what became of it."""
    thread = thread_from(pressed.metadata)
    card = await desk.press(pressed.press, door)
    if thread is None or not isinstance(card, ReasoningCard):
        await _turn(pressed, card, door)
        return
    try:
        outcome = await share(pressed, card, thread, desk.app.sharing, door)
    except ConclaveError as error:
        await _turn(pressed, notice_of(error, "sharing a page"), door)
        return
    told = modal(card, pressed.metadata, note=outcome.told, link=outcome.link, post=outcome.again)
    await _redraw(pressed, told, door)
