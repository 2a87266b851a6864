"""Telegram as a door: posts, edits and files, with every failure told as a `DeliveryFailed`."""

import copy
import hashlib
import logging
import os
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from pathlib import PurePath
from typing import TypeVar

from telegram import (
    Bot,
    InputFile,
    InputMediaPhoto,
    Message,
)
from telegram.constants import ChatAction, FileSizeLimit, ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    TelegramError,
)

from bot.cards import Card, Notice, PictureCard, ProgressCard
from bot.door import ChatGone, DeliveryFailed, Flooded, MessageGone, MessageRef, Unsure
from bot.request import Address, Person, Platform
from bot.telegram_failures import NoFiles, NotAsDrawn, failure_of
from bot.telegram_parameters import (
    chat_number,
    keyboard,
    keyboard_markup,
    number,
    reply,
    reply_parameters,
)
from bot.telegram_places import chat_for
from bot.telegram_raw import Sent, edit_text, send_text
from bot.telegram_render import PAGE_SIZE, TelegramMessage, render, render_caption
from bot.telegram_rich_calls import RichMessages
from bot.telegram_words import in_words
from core.domain.errors import Refused

PRIVATE_PACE_S = 1.0
GROUP_PACE_S = 3.0
GROUP_A_MINUTE = 18
A_SECOND = 30.0
WORKING_AGAIN_S = 4.0
"""Telegram shows for five seconds that a bot is typing."""

_PICTURES = {".png", ".jpg", ".jpeg"}
_UNCHANGED = "message is not modified"
PICTURES_KNOWN = 500
"""Of how many messages we know which picture they show, so that an edit need not upload it again."""

Result = TypeVar("Result")
Moved = Callable[[str, str], Awaitable[None]]

_log = logging.getLogger(__name__)


class TelegramDoor:
    """A `bot.door.Door` over one bot. Makes no pause of its own: pacing and waiting is the caller's.

    `bot` calls by an `AioRequest`. `moved` hears the old and the new id of a group that has become another
    chat.
    """

    platform: Platform = "telegram"
    page_size = PAGE_SIZE
    shows_pictures = True
    shows_work = True

    def __init__(self, bot: Bot, moved: Moved | None = None) -> None:
        # Chosen by the library's users through the environment alone: times to wait are timedeltas, and it
        # no longer warns about the numbers that they were.
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        self._bot = bot
        self._tell_moved = moved
        self.rich = RichMessages(bot)
        self._moved: dict[int, int] = {}
        self._pictures: OrderedDict[tuple[str, str], bytes] = OrderedDict()
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
                    chat_number(address), ChatAction.TYPING, message_thread_id=number(address.thread)
                )
            )
        except (BadRequest, ChatMigrated) as error:
            raise self._failure(error) from None
        return None if address.chat.startswith("-") else WORKING_AGAIN_S

    async def send(
        self,
        address: Address,
        card: Card,
        *,
        only_for: Person | None = None,
        reply_to: str | None = None,
        silent: bool = False,
    ) -> MessageRef:
        """Post a card, as a reply to a message or to the command, if that still exists.

        Telegram has no messages for one person in a group, so `only_for` changes nothing. A `silent` one
        arrives without a sound.

        Raises:
            DeliveryFailed: or one of its kinds.
        """
        message = render(card)
        if isinstance(card, PictureCard) and card.png:
            return await self._send_picture(address, card, message, reply_to or self._reply_to, silent=silent)
        if html := self.rich.drawn(card):
            try:
                return await self._send_rich(
                    address, html, message, reply_to or self._reply_to, silent=silent
                )
            except (Flooded, ChatGone, Unsure):
                raise
            except DeliveryFailed as error:
                self.rich.refused(error)

        def post(shown: TelegramMessage) -> Callable[[int], Awaitable[Sent]]:
            return lambda chat: send_text(
                self._bot,
                chat,
                shown.text_html,
                thread=number(address.thread),
                reply=reply(reply_to or self._reply_to),
                markup=keyboard(shown),
                silent=silent,
            )

        try:
            return await self._post(address, post(message))
        except NotAsDrawn as refused:
            _log.error("%s", refused)
            return await self._post(address, post(in_words(message)))

    async def _send_rich(
        self, address: Address, html: str, message: TelegramMessage, reply_to: str | None, *, silent: bool
    ) -> MessageRef:
        thread, answered, markup = number(address.thread), reply(reply_to), keyboard(message)

        async def post(chat: int) -> Sent:
            return await self.rich.send(
                chat, html, thread=thread, reply=answered, markup=markup, silent=silent
            )

        return await self._post(address, post)

    async def edit(self, ref: MessageRef, card: Card) -> None:
        """Replace what a message of ours shows; an edit that changes nothing is no failure.

        Raises:
            DeliveryFailed: or one of its kinds.
        """
        message = render(card)
        if isinstance(card, PictureCard) and card.png:
            await self._edit_picture(ref, card, message)
            return
        if html := self.rich.drawn(card):
            edit = self.rich.edit(chat_number(ref.address), number(ref.message), html, keyboard(message))
            try:
                await self._edited(edit)
            except (Flooded, ChatGone, MessageGone, Unsure):
                raise
            except DeliveryFailed as error:
                self.rich.refused(error)
            else:
                return
        try:
            await self._edited(self._text_edit(ref, message))
        except NotAsDrawn as refused:
            if isinstance(card, ProgressCard):
                raise  # the next edit comes soon
            _log.error("%s", refused)
            await self._edited(self._text_edit(ref, in_words(message)))

    def _text_edit(self, ref: MessageRef, message: TelegramMessage) -> Awaitable[object]:
        chat, at, markup = chat_number(ref.address), number(ref.message), keyboard(message)
        return edit_text(self._bot, chat, at, message.text_html, markup)

    async def _edit_picture(self, ref: MessageRef, card: PictureCard, message: TelegramMessage) -> None:
        """Replace picture and caption, or the caption alone where the picture is the one that is there."""
        chat, at, markup = chat_number(ref.address), number(ref.message), keyboard_markup(message)
        if self._pictures.get((str(chat), ref.message)) == _digest(card.png):
            await self._edited(
                self._bot.edit_message_caption(
                    chat_id=chat,
                    message_id=at,
                    caption=message.text_html,
                    parse_mode=ParseMode.HTML,
                    reply_markup=markup,
                )
            )
            return
        media = InputMediaPhoto(
            card.png, caption=message.text_html, parse_mode=ParseMode.HTML, filename=_file_name(card.name)
        )
        await self._edited(
            self._bot.edit_message_media(media, chat_id=chat, message_id=at, reply_markup=markup)
        )
        self._note_picture(str(chat), ref.message, card.png)

    def _note_picture(self, chat: str, message: str, png: bytes) -> None:
        self._pictures[chat, message] = _digest(png)
        while len(self._pictures) > PICTURES_KNOWN:
            self._pictures.popitem(last=False)

    async def _edited(self, edit: Awaitable[object]) -> None:
        """Make an edit; that it changes nothing is no failure."""
        try:
            await self._call(edit)
        except BadRequest as error:
            # Wordings are matched in lower case: Telegram writes them either way.
            if _UNCHANGED not in str(error).lower():
                raise self._failure(error) from None
        except ChatMigrated:
            raise MessageGone("The group moved and its old messages can no longer be edited.") from None

    async def send_file(
        self, address: Address, name: str, content: bytes, caption: str, *, silent: bool = False
    ) -> MessageRef:
        """Post a file with a caption; a PNG or JPEG is shown as a picture where Telegram takes it.

        A chat that takes no files gets the caption alone, and reads why.

        Raises:
            DeliveryFailed: the file is empty or over 50 MB, or Telegram did not take it.
        """
        if not 0 < len(content) <= FileSizeLimit.FILESIZE_UPLOAD:
            raise DeliveryFailed(f"The file {name} is empty or over 50 MB; Telegram takes neither.")
        message = TelegramMessage(render_caption(caption))
        try:
            return await self._upload(address, name, content, message, self._reply_to, silent=silent)
        except NoFiles:
            said = f"{caption.strip()} " if caption.strip() else ""
            notice = Notice(text=f"{said}(I may not send the file {name} here.)")
            return await self.send(address, notice, silent=silent)

    async def _send_picture(
        self,
        address: Address,
        card: PictureCard,
        message: TelegramMessage,
        reply_to: str | None,
        *,
        silent: bool,
    ) -> MessageRef:
        try:
            ref = await self._upload(address, card.name, card.png, message, reply_to, silent=silent)
        except (NoFiles, NotAsDrawn):
            words = card.model_copy(update={"png": b""})
            return await self.send(address, words, reply_to=reply_to, silent=silent)
        self._note_picture(ref.address.chat, ref.message, card.png)
        return ref

    async def _upload(
        self,
        address: Address,
        name: str,
        content: bytes,
        message: TelegramMessage,
        reply_to: str | None,
        *,
        silent: bool,
    ) -> MessageRef:
        """Post a file with a caption and buttons, as a picture where Telegram takes it as one."""
        file = InputFile(content, filename=_file_name(name))
        thread, answered = number(address.thread), reply_parameters(reply_to)
        markup = keyboard_markup(message)
        html = message.text_html

        async def as_document(chat: int) -> Message:
            return await self._bot.send_document(
                chat,
                file,
                caption=html,
                parse_mode=ParseMode.HTML,
                message_thread_id=thread,
                reply_parameters=answered,
                disable_notification=silent or None,
                reply_markup=markup,
            )

        async def as_picture(chat: int) -> Message:
            return await self._bot.send_photo(
                chat,
                file,
                caption=html,
                parse_mode=ParseMode.HTML,
                message_thread_id=thread,
                reply_parameters=answered,
                disable_notification=silent or None,
                reply_markup=markup,
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
        return await self._post(address, as_document)

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

    async def _post(self, address: Address, post: Callable[[int], Awaitable[Message | Sent]]) -> MessageRef:
        """Post to the chat, or to the supergroup that it has become."""
        chat = chat_number(address)
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
        return failure_of(error, self._bot.token)


def _file_name(name: str) -> str:
    return PurePath(name).name or "file"


def _digest(png: bytes) -> bytes:
    return hashlib.sha256(png).digest()
