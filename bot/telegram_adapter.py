"""Telegram as a door: posts, edits and files, with every failure told as a `DeliveryFailed`."""

import copy
import logging
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import PurePath
from typing import TypeVar

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.constants import ChatAction, FileSizeLimit, KeyboardButtonStyle, ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.cards import Card, Notice
from bot.door import ChatGone, DeliveryFailed, Flooded, MessageGone, MessageRef, ThreadGone, Unsure
from bot.presses import is_dangerous
from bot.request import Address, Person, Platform
from bot.telegram_places import chat_for
from bot.telegram_render import PAGE_SIZE, TelegramMessage, render, render_caption
from bot.telegram_secrecy import scrub
from core.domain.errors import Refused

PRIVATE_PACE_S = 1.0
GROUP_PACE_S = 3.0
GROUP_A_MINUTE = 18
A_SECOND = 30.0
WORKING_AGAIN_S = 4.0
"""Telegram shows for five seconds that a bot is typing."""

_PICTURES = {".png", ".jpg", ".jpeg"}
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_UNCHANGED = "message is not modified"
_MESSAGE_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")
_THREAD_GONE = ("message thread not found", "topic_closed", "topic_deleted")
_CHAT_GONE = (
    "chat not found",
    "chat_write_forbidden",
    "not enough rights",
    "have no rights",
    "need administrator rights",
    "group chat was deactivated",
    "peer_id_invalid",
)
_NO_FILES = re.compile(
    r"not enough rights to send (?:photos|documents|media)|chat_send_(?:photos|docs|media)_forbidden"
)
_NEVER_SENT = {"ConnectError", "ConnectTimeout", "PoolTimeout"}
"""How the HTTP library calls failures from before a request is sent."""
_BETWEEN = ("Bad Gateway", "Gateway Timeout", "Gateway Time-out")
"""What a server answers that stands in front of Telegram, and has lost sight of the request."""

Result = TypeVar("Result")
Moved = Callable[[str, str], Awaitable[None]]

_log = logging.getLogger(__name__)


class _NoFiles(DeliveryFailed):
    """The chat takes messages of ours, and no files of this kind."""


class TelegramDoor:
    """A `bot.door.Door` over one bot. Makes no pause of its own: pacing and waiting is the caller's.

    `moved` hears the old and the new id of a group that has become another chat.
    """

    platform: Platform = "telegram"
    page_size = PAGE_SIZE

    def __init__(self, bot: Bot, moved: Moved | None = None) -> None:
        # Chosen by the library's users through the environment alone: times to wait are timedeltas, and it
        # no longer warns about the numbers that they were.
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        self._bot = bot
        self._tell_moved = moved
        self._moved: dict[int, int] = {}
        self._reply_to: str | None = None

    def replying(self, message: str | None) -> "TelegramDoor":
        """Return this door for one command, whose posts are replies to its message."""
        door = copy.copy(self)
        door._reply_to = message
        return door

    def pace(self, address: Address) -> float:
        """Return the seconds that must lie between two edits in this chat."""
        return GROUP_PACE_S if address.chat.startswith("-") else PRIVATE_PACE_S

    def per_minute(self, address: Address) -> int | None:
        """Return 18 for a group: Telegram allows about 20 a minute there, and buttons need some."""
        return GROUP_A_MINUTE if address.chat.startswith("-") else None

    def per_second(self) -> float | None:
        """Return 30: Telegram takes about as many from a bot, whichever chats they go to."""
        return A_SECOND

    async def working(self, address: Address) -> float | None:
        """Show that the bot is typing; again after 4 seconds in private chats, once in groups.

        Raises:
            DeliveryFailed: or one of its kinds.
        """
        try:
            await self._call(
                self._bot.send_chat_action(
                    _chat(address), ChatAction.TYPING, message_thread_id=_number(address.thread)
                )
            )
        except (BadRequest, ChatMigrated) as error:
            raise self._failure(error) from None
        return None if address.chat.startswith("-") else WORKING_AGAIN_S

    async def send(
        self, address: Address, card: Card, *, only_for: Person | None = None, reply_to: str | None = None
    ) -> MessageRef:
        """Post a card, as a reply to a message or to the command, if that still exists.

        Telegram has no messages for one person in a group, so `only_for` changes nothing.

        Raises:
            DeliveryFailed: or one of its kinds.
        """
        message = render(card)

        async def post(chat: int) -> Message:
            return await self._bot.send_message(
                chat,
                message.text_html,
                parse_mode=ParseMode.HTML,
                link_preview_options=_NO_PREVIEW,
                message_thread_id=_number(address.thread),
                reply_parameters=_reply(reply_to or self._reply_to),
                reply_markup=_markup(message),
            )

        return await self._post(address, post)

    async def edit(self, ref: MessageRef, card: Card) -> None:
        """Replace what a message of ours shows; an edit that changes nothing is no failure.

        Raises:
            DeliveryFailed: or one of its kinds.
        """
        message = render(card)
        try:
            await self._call(
                self._bot.edit_message_text(
                    message.text_html,
                    chat_id=_chat(ref.address),
                    message_id=_number(ref.message),
                    parse_mode=ParseMode.HTML,
                    link_preview_options=_NO_PREVIEW,
                    reply_markup=_markup(message),
                )
            )
        except BadRequest as error:
            # Wordings are matched in lower case: Telegram writes them either way.
            if _UNCHANGED not in str(error).lower():
                raise self._failure(error) from None
        except ChatMigrated:
            raise MessageGone("The group moved and its old messages can no longer be edited.") from None

    async def send_file(self, address: Address, name: str, content: bytes, caption: str) -> MessageRef:
        """Post a file with a caption; a PNG or JPEG is shown as a picture where Telegram takes it.

        A chat that takes no files gets the caption alone, and reads why.

        Raises:
            DeliveryFailed: the file is empty or over 50 MB, or Telegram did not take it.
        """
        if not 0 < len(content) <= FileSizeLimit.FILESIZE_UPLOAD:
            raise DeliveryFailed(f"The file {name} is empty or over 50 MB; Telegram takes neither.")
        file = InputFile(content, filename=PurePath(name).name or "file")
        thread, reply = _number(address.thread), _reply(self._reply_to)
        html = render_caption(caption)

        async def as_document(chat: int) -> Message:
            return await self._bot.send_document(
                chat,
                file,
                caption=html,
                parse_mode=ParseMode.HTML,
                message_thread_id=thread,
                reply_parameters=reply,
            )

        async def as_picture(chat: int) -> Message:
            return await self._bot.send_photo(
                chat,
                file,
                caption=html,
                parse_mode=ParseMode.HTML,
                message_thread_id=thread,
                reply_parameters=reply,
            )

        small = len(content) <= FileSizeLimit.PHOTOSIZE_UPLOAD
        if PurePath(name).suffix.lower() in _PICTURES and small:
            try:
                return await self._post(address, as_picture)
            except (Flooded, ChatGone, Unsure):
                raise
            except DeliveryFailed as refused:
                # Telegram refuses pictures of odd proportions, which it takes as documents.
                _log.debug("the picture %s is sent as a document: %s", name, refused)
        try:
            return await self._post(address, as_document)
        except _NoFiles:
            said = f"{caption.strip()} " if caption.strip() else ""
            return await self.send(address, Notice(text=f"{said}(I may not send the file {name} here.)"))

    async def chat_for(self, name: str, person: Person) -> Address:
        """Return the channel or group of this name, in which we may post and which `person` administers.

        Raises:
            Refused: one of these is not so.
            DeliveryFailed: Telegram could not be asked.
        """
        try:
            return await self._call(chat_for(self._bot, name, person))
        except (BadRequest, ChatMigrated) as error:
            raise self._failure(error) from None

    async def _post(self, address: Address, post: Callable[[int], Awaitable[Message]]) -> MessageRef:
        """Post to the chat, or to the supergroup that it has become."""
        chat = _chat(address)
        chat = self._moved.get(chat, chat)
        try:
            sent = await self._call(post(chat))
        except ChatMigrated as moved:
            await self._remember_moved(chat, moved.new_chat_id)
            chat = moved.new_chat_id
            try:
                sent = await self._call(post(chat))
            except (BadRequest, ChatMigrated) as error:
                raise self._failure(error) from None
        except BadRequest as error:
            raise self._failure(error) from None
        return MessageRef(Address("telegram", str(chat), address.thread), str(sent.message_id))

    async def _remember_moved(self, old: int, new: int) -> None:
        """Keep where a group has gone; what goes wrong with that must not hold up the message to it."""
        self._moved[old] = new
        if self._tell_moved is None:
            return
        try:
            await self._tell_moved(str(old), str(new))
        except Exception:  # noqa: BLE001 - the boundary: the service message of the group tells it as well
            _log.exception("The group %d has become %d, and that could not be kept.", old, new)

    async def _call(self, call: Awaitable[Result]) -> Result:
        """Make one call; BadRequest and ChatMigrated are left to the caller, as their meaning differs."""
        try:
            return await call
        except (BadRequest, ChatMigrated, Refused):
            raise
        except TelegramError as error:
            # Without its cause: the address in there holds the token.
            raise self._failure(error) from None
        except Exception as error:  # noqa: BLE001 - the library trusts the shape of answers; a proxy's may differ
            kind = type(error).__name__
            raise Unsure(f"Telegram's answer could not be read ({kind}).") from None

    def _failure(self, error: TelegramError) -> DeliveryFailed:
        said = scrub(str(error), self._bot.token)
        lower = said.lower()
        if isinstance(error, RetryAfter):
            return Flooded(seconds(error))
        if any(wording in lower for wording in _THREAD_GONE):
            return ThreadGone(f"Telegram has closed this topic to the bot: {said}.")
        if _NO_FILES.search(lower):
            return _NoFiles(f"Telegram lets no such files into this chat: {said}.")
        if isinstance(error, Forbidden) or any(wording in lower for wording in _CHAT_GONE):
            return ChatGone(f"Telegram has closed this chat to the bot: {said}.")
        if any(wording in lower for wording in _MESSAGE_GONE):
            return MessageGone(f"The message can no longer be edited: {said}.")
        if isinstance(error, InvalidToken):
            return DeliveryFailed("Telegram refused the bot token.")
        if isinstance(error, BadRequest):
            return DeliveryFailed(f"Telegram did not take the message: {said}.")
        kind = Unsure if _maybe_taken(error) else DeliveryFailed
        return kind(f"Telegram could not be reached: {said}.")


def _maybe_taken(error: TelegramError) -> bool:
    """Say whether the request may have reached Telegram though no proper answer came back."""
    if not isinstance(error, NetworkError):
        return type(error) is TelegramError  # an answer that cannot be read
    cause = type(error.__cause__)
    if cause.__module__.partition(".")[0] == "httpx":
        return cause.__name__ not in _NEVER_SENT
    return any(words in str(error) for words in _BETWEEN)


def seconds(error: RetryAfter) -> float:
    """Return how long Telegram asks us to wait."""
    wait = error.retry_after
    return float(wait) if isinstance(wait, int) else wait.total_seconds()


def _chat(address: Address) -> int:
    try:
        return int(address.chat)
    except ValueError:
        raise ChatGone(f"{address.chat_id} is not a Telegram chat; chats there have numbers.") from None


def _number(text: str | None) -> int | None:
    return int(text) if text is not None else None


def _reply(message: str | None) -> ReplyParameters | None:
    if message is None:
        return None
    return ReplyParameters(int(message), allow_sending_without_reply=True)


def _markup(message: TelegramMessage) -> InlineKeyboardMarkup | None:
    if not message.keyboard:
        return None
    return InlineKeyboardMarkup([[_button(label, data) for label, data in row] for row in message.keyboard])


def _button(label: str, data: str) -> InlineKeyboardButton:
    style = KeyboardButtonStyle.DANGER if is_dangerous(data) else None
    return InlineKeyboardButton(label, callback_data=data, style=style)
