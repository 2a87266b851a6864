"""The Slack door: sends, edits and uploads what the rest of Conclave wants to show."""

import copy
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from bot.cards import Card, Notice, PictureCard, ProgressCard
from bot.door import ChatGone, DeliveryFailed, Flooded, MessageGone, MessageRef
from bot.request import Address, Person, Platform
from bot.slack_api import SlackApi, SlackRefused
from bot.slack_pacer import PostSpacing, UpdateBudget
from bot.slack_plan import Plans
from bot.slack_render import PAGE_SIZE, SlackMessage, render
from bot.slack_text import clamp, clamp_bytes, harmless, one_line
from bot.slack_uploads import UPLOAD_TIMEOUT_S, NotShown, NotUploaded, Uploads
from bot.slack_words import in_words, without_picture
from core.clock import Clock

LIVE_EDIT_S = 1.2
RESPONSE_USES = 5
RESPONSE_LIFE_S = 29 * 60.0
MAX_CAPTION_BYTES = 1_500
MAX_FILE_NAME = 100
EPHEMERAL = "ephemeral"
_log = logging.getLogger(__name__)
_NO_PREVIEWS = {"unfurl_links": False, "unfurl_media": False}
NOT_INVITED = Notice(
    text="Conclave cannot post here. Invite it with /invite @Conclave, then ask again.", tone="warning"
)
NOT_OURS = Notice(
    text="Conclave takes no part in this conversation. Ask it in its own direct message, or in a channel.",
    tone="warning",
)


class _ResponseUrl:
    """The answer address of one command or press: five uses within half an hour."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._left = RESPONSE_USES
        self._until = clock.monotonic() + RESPONSE_LIFE_S

    def take(self) -> str | None:
        """Return the address for one use, or None when it is used up or too old."""
        if self._left <= 0 or self._clock.monotonic() >= self._until:
            return None
        self._left -= 1
        return self._url


class SlackDoor:
    """The door to one workspace. Keeps no state of runs; all edits share one budget.

    Slack shows a message to one person only as an ephemeral message, which nobody can edit: editing one
    raises MessageGone.
    """

    platform: Platform = "slack"
    page_size = PAGE_SIZE
    shows_pictures = True
    shows_work = False

    def __init__(self, api: SlackApi, clock: Clock, *, plans: bool = False) -> None:
        self.api = api
        self._plans = Plans(wanted=plans)
        self._clock = clock
        self._budget = UpdateBudget(clock)
        self._spacing = PostSpacing(clock)
        self._uploads = Uploads(api, clock)
        self._response: _ResponseUrl | None = None

    def replying(self, response_url: str | None) -> "SlackDoor":
        """Return this door for one command or press, with the address where Slack takes a private answer."""
        door = copy.copy(self)
        door._response = _ResponseUrl(response_url, self._clock) if response_url else None
        return door

    def pace(self, address: Address) -> float:
        """Return the seconds that must lie between two edits in this chat."""
        return LIVE_EDIT_S

    def per_minute(self, address: Address) -> int | None:
        """Return None: Slack counts the edits of a whole workspace, which this door does itself."""
        return None

    def per_second(self) -> float | None:
        """Return None: what Slack limits is a channel's messages and a workspace's edits, see above."""
        return None

    async def working(self, address: Address) -> float | None:
        """Show nothing: Slack has nothing of the kind outside of its assistant's threads."""
        return None

    async def send(
        self, address: Address, card: Card, *, only_for: Person | None = None, silent: bool = False
    ) -> MessageRef:
        """Post a card; with `only_for`, just that person sees it, and it cannot be edited.

        Slack has no silent messages: whom a channel may disturb is set by each person there.

        In answer to a command that holds wherever it was typed, also where the app may not post, such as a
        direct message between other people; the direct message with the app takes it as a plain post else.

        Raises:
            DeliveryFailed: Slack did not take it.
        """
        del silent
        if only_for is not None:
            message = render(card)
            if await self._responded(address, message):
                return MessageRef(address, EPHEMERAL)
            if not _is_direct(address):
                return await self._send_ephemeral(address, message, only_for)
        try:
            if isinstance(card, PictureCard) and card.png:
                return await self._send_picture(address, card, render(card))
            answer = await self._drawn(card, lambda shown: self._posted(address, shown))
            return _ref(address, answer)
        except ChatGone:
            await self._say_not_invited(address)
            raise

    async def _post(self, address: Address, message: SlackMessage) -> MessageRef:
        return _ref(address, await self._posted(address, message))

    async def _send_picture(self, address: Address, card: PictureCard, message: SlackMessage) -> MessageRef:
        """Post a picture that can be edited, or share it as a file, or where Slack takes none, say it."""
        posted: list[MessageRef] = []

        async def put(shown: SlackMessage) -> str:
            posted.append(await self._post(address, shown))
            return ""

        try:
            if not self._uploads.shared:
                await self._uploads.show(card, put)
                return posted[0]
        except NotShown:
            pass  # share it instead
        except NotUploaded:
            return await self._post(address, message)
        except SlackRefused as refused:
            if (said := without_picture(message, refused.code)) is None:
                raise
            return await self._post(address, said)
        try:
            await self._spacing.turn(address.chat)
            return MessageRef(address, await self._uploads.share(card, address.chat, address.thread))
        except SlackRefused as refused:
            return await self._post(address, without_picture(message, refused.code) or message)

    async def _posted(self, address: Address, message: SlackMessage) -> dict[str, Any]:
        await self._spacing.turn(address.chat)
        return await self.api.call(
            "chat.postMessage",
            lambda client: client.chat_postMessage(
                channel=address.chat,
                thread_ts=address.thread,
                text=message.text,
                blocks=message.blocks or None,
                parse="none",
                link_names=False,
                unfurl_links=False,
                unfurl_media=False,
            ),
        )

    async def _updated(self, ref: MessageRef, message: SlackMessage) -> dict[str, Any]:
        try:
            return await self.api.call(
                "chat.update",
                lambda client: client.chat_update(
                    channel=ref.address.chat,
                    ts=ref.message,
                    text=message.text,
                    blocks=message.blocks or None,
                    parse="none",
                    link_names=False,
                ),
            )
        except Flooded as flood:
            self._budget.close_for(flood.retry_after_s)
            raise

    async def _drawn(
        self, card: Card, show: Callable[[SlackMessage], Awaitable[dict[str, Any]]], *, live: bool = False
    ) -> dict[str, Any]:
        """Show a card, a run that goes on as a plan where the workspace takes that.

        What Slack does not take as it was drawn is shown in words, unless the next edit comes soon anyway.
        """
        plan = self._plans.drawn(card) if isinstance(card, ProgressCard) else None
        if plan is not None:
            try:
                return await show(plan)
            except SlackRefused as error:
                if not self._plans.refused(error.code):
                    raise
        message = render(card)
        try:
            return await show(message)
        except SlackRefused as error:
            words = None if live else in_words(message, error.code)
            if words is None:
                raise
            _log.error("Slack did not take a %s as it was drawn (%s).", type(card).__name__, error.code)
            return await show(words)

    async def _say_not_invited(self, address: Address) -> None:
        # If this fails too the person gets no hint; the caller still learns that the chat is closed.
        await self._responded(address, render(NOT_OURS if _is_direct(address) else NOT_INVITED))

    async def _responded(self, address: Address, message: SlackMessage) -> bool:
        """Answer through the response URL; False where there is none, or Slack did not take it."""
        url = self._response.take() if self._response else None
        if not url:
            return False
        thread = {"thread_ts": address.thread} if address.thread else {}
        try:
            await self.api.respond(url, _body(message) | thread)
        except DeliveryFailed:
            return False
        return True

    async def _send_ephemeral(self, address: Address, message: SlackMessage, person: Person) -> MessageRef:
        await self.api.call(
            "chat.postEphemeral",
            lambda client: client.chat_postEphemeral(
                channel=address.chat,
                user=person.id.removeprefix("slack:"),
                thread_ts=address.thread,
                text=message.text,
                blocks=message.blocks or None,
                parse="none",
                link_names=False,
            ),
        )
        return MessageRef(address, EPHEMERAL)

    async def edit(self, ref: MessageRef, card: Card) -> None:
        """Replace what a message of ours shows.

        The card of a run that goes on is refused while edits are scarce.

        Raises:
            Flooded: wait so long, or skip this live edit.
            MessageGone: it cannot be edited; send a fresh one.
            DeliveryFailed: Slack did not take it.
        """
        if not ref.message or ref.message.startswith((EPHEMERAL, "F")):
            raise MessageGone("this message cannot be edited on Slack")
        if isinstance(card, ProgressCard):
            self._budget.live()
        else:
            await self._budget.final()
        if isinstance(card, PictureCard) and card.png:
            await self._edit_picture(ref, card)
        else:
            live = isinstance(card, ProgressCard)
            await self._drawn(card, lambda shown: self._updated(ref, shown), live=live)

    async def _edit_picture(self, ref: MessageRef, card: PictureCard) -> None:
        async def put(shown: SlackMessage) -> str:
            await self._updated(ref, shown)
            return ""

        if self._uploads.shared:
            raise MessageGone("pictures in messages cannot be edited on this Slack right now")
        try:
            await self._uploads.show(card, put)
        except (NotShown, NotUploaded) as refused:
            raise MessageGone(str(refused)) from None

    async def send_file(
        self, address: Address, name: str, content: bytes, caption: str, *, silent: bool = False
    ) -> MessageRef:
        """Post a file with a caption. Slack tells the file's id, not a message, so it cannot be edited.

        `silent` changes nothing, as in `send`.

        Raises:
            DeliveryFailed: Slack did not take it.
        """
        del silent
        await self._spacing.turn(address.chat)
        title = clamp(one_line(name), MAX_FILE_NAME) or "file"
        answer = await self.api.call(
            "files.upload",
            lambda client: client.files_upload_v2(
                channel=address.chat,
                thread_ts=address.thread,
                filename=title,
                title=title,
                file=content,
                initial_comment=clamp_bytes(harmless(caption), MAX_CAPTION_BYTES) or None,
            ),
            timeout_s=UPLOAD_TIMEOUT_S,
        )
        files = answer.get("files") or [{}]
        return MessageRef(address, str(files[0].get("id", "F")))

    async def answer_press(self, card: Card, press_address: Address, person: Person) -> None:
        """Show a card to the person who pressed a button, and to nobody else.

        Raises:
            DeliveryFailed: Slack did not take it.
        """
        message = render(card)
        if not await self._responded(press_address, message):
            await self._send_ephemeral(press_address, message, person)

    async def replace_pressed(self, card: Card) -> None:
        """Put a card in the place of the message whose button was pressed; takes nothing from the budget.

        Raises:
            DeliveryFailed: there is no way to answer, or Slack did not take it.
        """
        url = self._response.take() if self._response else None
        if not url:
            raise MessageGone("this press can no longer be answered")
        message = render(card)
        await self.api.respond(
            url, {"replace_original": True, "text": message.text, "blocks": message.blocks} | _NO_PREVIEWS
        )

    async def open_view(self, trigger: str, view: dict[str, Any], *, push: bool = False) -> str:
        """Open a modal, or put one on top of the open one; return its id.

        Raises:
            DeliveryFailed: the trigger is older than three seconds, or Slack did not take it.
        """
        answer = await self.api.call(
            "views.push" if push else "views.open",
            lambda client: (client.views_push if push else client.views_open)(trigger_id=trigger, view=view),
        )
        opened = answer.get("view") or {}
        return str(opened.get("id", ""))

    async def update_view(self, view_id: str, view: dict[str, Any], *, seen: str | None = None) -> None:
        """Replace a modal's content; with `seen`, only if it still is the version with this hash.

        Raises:
            SlackRefused: the person closed it (`not_found`), or a newer page stands there (`hash_conflict`).
            DeliveryFailed: Slack did not take it.
        """
        await self.api.call(
            "views.update", lambda client: client.views_update(view_id=view_id, view=view, hash=seen)
        )

    async def publish(self, user: str, view: dict[str, Any]) -> None:
        """Replace a person's own page, the Home tab.

        Raises:
            DeliveryFailed: Slack did not take it.
        """
        await self.api.call("views.publish", lambda client: client.views_publish(user_id=user, view=view))

    async def direct(self, user: str) -> Address:
        """Return the direct message between a person and the app.

        Raises:
            DeliveryFailed: Slack did not open it.
        """
        answer = await self.api.call(
            "conversations.open", lambda client: client.conversations_open(users=user)
        )
        chat = (answer.get("channel") or {}).get("id")
        if not isinstance(chat, str):
            raise DeliveryFailed("Slack opened no direct message")
        return Address("slack", chat)

    async def close(self) -> None:
        """Close the connections."""
        await self.api.close()


def _ref(address: Address, answer: dict[str, Any]) -> MessageRef:
    # Slack answers with the real channel where a person's id was given.
    chat = answer.get("channel")
    there = address if not isinstance(chat, str) else Address("slack", chat, address.thread)
    return MessageRef(there, str(answer.get("ts", "")))


def _is_direct(address: Address) -> bool:
    return address.chat.startswith("D")


def _body(message: SlackMessage) -> dict[str, Any]:
    return {
        "response_type": "ephemeral",
        "replace_original": False,
        "text": message.text,
        "blocks": message.blocks,
    } | _NO_PREVIEWS
