"""What Telegram sends, as our requests: pure, and suspicious of every field.

| update                                        | becomes                                              |
|-----------------------------------------------|------------------------------------------------------|
| `/run NVDA`, `/run@OurBot NVDA`               | a request `run NVDA`                                 |
| `/roll`, which is no command of ours,         |                                                      |
| in a group                                    | nothing: it is meant for another bot                 |
| `/roll@OurBot` in a group                     | a request `roll`, to be told that there is no such   |
| `@OurBot run NVDA` in a group                 | a request `run NVDA`                                 |
| any other text in a private chat              | a request with that text: nobody else is meant there |
| `run NVDA` in a group, in reply to a message  | a request, answered only if it is a valid command    |
| of ours                                       |                                                      |
| one of these by an anonymous administrator    | a request of the group itself                        |
| one of these as the new text of a message     | a request, answered only if it is a valid command,   |
| that is two minutes old at most               | and if the message was none before                   |
| a pressed button                              | a press with the ids to answer it and its message    |
| an inline query: what a person writes behind  |                                                      |
| the bot's name, in whatever chat              | an inquiry                                           |
| `/run@OtherBot`, other text in groups,        |                                                      |
| channels and what comes from them, bots,      |                                                      |
| service messages, anything                    | nothing                                              |

What Telegram tells of chats themselves is read by `bot.telegram_news`.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from bot.commands import REGISTRY
from bot.request import Address, Person, Press, Request
from bot.telegram_text import cut, typed

Payload = dict[str, Any]

NAME_UNITS = 64
TEXT_UNITS = 1000
QUERY_UNITS = 256
_OFFSET = re.compile(r"[0-9]{1,4}", re.ASCII)
EDITED_WITHIN_S = 120
"""How long after it was sent a message may become a command by being edited."""
_OURS = frozenset(word for command in REGISTRY for word in (command.name, *command.aliases))
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,64})(?:@([A-Za-z0-9_]{3,32}))?(?!\S)")


@dataclass(frozen=True)
class Pressed:
    """A pressed button: `query` must be answered; `press` and `message` are None where they are unknown.

    `message` is the id of the message that carries the button. `elsewhere` says that a person has put it into
    a chat by inline mode: of that chat nothing is known.
    """

    query: str
    press: Press | None = None
    message: str | None = None
    elsewhere: bool = False


@dataclass(frozen=True)
class Inquiry:
    """What a person writes behind the bot's name in any chat; `offset` counts what was offered before."""

    query: str
    person: Person
    text: str
    offset: int = 0


Incoming = Request | Pressed | Inquiry


def read_update(update: Payload, bot_name: str, bot_id: int) -> Incoming | None:
    """Return what an update asks of the bot called `bot_name`, or None where it asks nothing of us."""
    try:
        # Every bot counts its updates by itself, so another bot's ids may be the same.
        delivery = f"{bot_id}:{int(update['update_id'])}"
        if message := update.get("message"):
            return _request(message, delivery, bot_name, bot_id)
        if edited := update.get("edited_message"):
            return _edited(edited, delivery, bot_name, bot_id)
        if query := update.get("callback_query"):
            return _pressed(query, delivery)
        if query := update.get("inline_query"):
            return _inquiry(query)
    except (KeyError, TypeError, ValueError, AttributeError):
        # A shape that the Bot API does not document: nothing that we could answer.
        return None
    return None


def _request(message: Payload, delivery: str, bot_name: str, bot_id: int) -> Request | None:
    chat = message["chat"]
    if chat["type"] not in {"private", "group", "supergroup"} or not isinstance(message.get("text"), str):
        return None
    person = _author(message)
    if person is None:
        return None
    private = chat["type"] == "private"
    text = _addressed(message["text"], bot_name, private=private)
    replied = text is None and _is_ours(message.get("reply_to_message"), bot_id)
    if replied:
        text = _replied(message["text"])
    if text is None:
        return None
    return Request(
        text=cut(typed(text), TEXT_UNITS),
        address=_address(message),
        person=person,
        delivery=delivery,
        private=private,
        message=str(int(message["message_id"])),
        once=f"{bot_id}:{int(chat['id'])}:{int(message['message_id'])}",
        only_commands=replied,
    )


def _edited(message: Payload, delivery: str, bot_name: str, bot_id: int) -> Request | None:
    """Return what a message asks for since it was edited, if that was soon: a slip of the finger, mended."""
    if int(message["edit_date"]) - int(message["date"]) > EDITED_WITHIN_S:
        return None
    request = _request(message, delivery, bot_name, bot_id)
    return replace(request, only_commands=True) if request else None


def _author(message: Payload) -> Person | None:
    """Return who wrote a message, None where nobody did who may ask.

    An anonymous administrator speaks as the group, so the person has the group's id. Channels that speak in a
    group, and what a linked channel posts there, are no persons.
    """
    if message.get("via_bot") or message.get("is_automatic_forward"):
        return None
    chat, speaker, sender = message["chat"], message.get("sender_chat"), message.get("from")
    if speaker:
        if chat["type"] == "private" or int(speaker["id"]) != int(chat["id"]):
            return None
        return Person(f"telegram:{int(chat['id'])}", cut(typed(str(chat.get("title") or "")), NAME_UNITS))
    return None if not sender or sender.get("is_bot") else _person(sender)


def _is_ours(message: Payload | None, bot_id: int) -> bool:
    return bool(message and (message.get("from") or {}).get("id") == bot_id)


def _addressed(text: str, bot_name: str, *, private: bool) -> str | None:
    """Return the text without slash and mention if it is meant for us."""
    text = text.strip()
    if command := _COMMAND.match(text):
        if command[2] and command[2].lower() != bot_name.lower():
            return None
        if not private and not command[2] and command[1].lower() not in _OURS:
            return None
        return command[1] + text[command.end() :]
    words = text.split(maxsplit=1)
    if words and words[0].lower() == f"@{bot_name}".lower():
        return "".join(words[1:]).removeprefix("/")
    return text.removeprefix("/") if private else None


def _replied(text: str) -> str | None:
    """Return what stands in reply to a message of ours if it may be a command without its slash."""
    words = text.split(maxsplit=1)
    return text if words and words[0].lower() in _OURS else None


def _pressed(query: Payload, delivery: str) -> Pressed:
    message, data = query.get("message"), query.get("data")
    if not message or not isinstance(data, str):
        return Pressed(str(query["id"]), elsewhere=bool(query.get("inline_message_id")))
    below = str(int(message["message_id"]))
    press = Press(data, _address(message), _person(query["from"]), delivery, below)
    return Pressed(str(query["id"]), press, below)


def _inquiry(query: Payload) -> Inquiry | None:
    sender, text, offset = query["from"], query["query"], query.get("offset") or "0"
    if sender.get("is_bot") or not isinstance(text, str):
        return None
    # An offset that is not of our making begins anew.
    known = isinstance(offset, str) and _OFFSET.fullmatch(offset)
    return Inquiry(
        str(query["id"]), _person(sender), cut(typed(text), QUERY_UNITS), int(offset) if known else 0
    )


def _address(message: Payload) -> Address:
    # Plain replies carry a thread id as well, which cannot be posted to: only topics can.
    topic = message.get("message_thread_id") if message.get("is_topic_message") else None
    return Address("telegram", str(int(message["chat"]["id"])), None if topic is None else str(int(topic)))


def _person(sender: Payload) -> Person:
    names = (sender.get("first_name"), sender.get("last_name"))
    name = typed(" ".join(name for name in names if name)) or str(sender.get("username") or "")
    return Person(f"telegram:{int(sender['id'])}", cut(name, NAME_UNITS))
