"""From what Slack sends to what Conclave understands. Pure: payload in, value or None out."""

import json
import re
from dataclasses import dataclass
from typing import Any

from bot.commands import parse
from bot.home_buttons import posts
from bot.request import Address, Person, Press, Request
from core.domain.errors import Refused

Payload = dict[str, Any]
_SAID = frozenset({None, "", "file_share", "thread_broadcast"})
"""The kinds of messages that a person has written: plainly, with a file, and from a thread to the channel."""

ROOT = "conclave"
MAX_TEXT = 2_000

_ROOT_COMMAND = re.compile(rf"{ROOT}(?:[-_].*)?", re.IGNORECASE)
_LINK = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
_MENTION_SIGNS = {"@": "@", "#": "#", "!": "@", "": ""}


@dataclass(frozen=True)
class Pressed:
    """A press with what Slack needs to answer it. `view` and `seen` are set for a press inside a modal.

    `card` is the timestamp of the message with the button, if others than the presser see it. `home` says
    that the button is on the person's own page, and `callback` names the modal.
    """

    press: Press
    trigger: str
    response_url: str | None
    card: str | None
    view: str | None = None
    seen: str | None = None
    metadata: str = ""
    home: bool = False
    callback: str = ""


def typed(text: str) -> str:
    """Return what the person typed: Slack's entities, links and mentions as plain words on one line.

    A person who is mentioned stands there by id, which `/people` needs and a name does not tell.
    """
    text = _LINK.sub(_plain, text)
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, sign)
    return " ".join(text.split())[:MAX_TEXT]


def _plain(found: re.Match[str]) -> str:
    sign, what, label = found[1], found[2], found[3]
    return _MENTION_SIGNS[sign] + (what if sign == "@" else label or what)


def person_of(user: str, name: object) -> Person:
    """Return a person of Slack by id, with the name that came along, if one did."""
    return Person(id=f"slack:{user}", name=name if isinstance(name, str) else "")


def team_of(body: Payload) -> str | None:
    """Return the workspace whose installation a payload is for, where it says so."""
    # In a channel that workspaces share, the writer's workspace need not be the one that has the app.
    listed = body.get("authorizations")
    for entry in [*(listed if isinstance(listed, list) else ()), body]:
        if isinstance(entry, dict) and isinstance(found := entry.get("team_id"), str):
            return found
    team, user = body.get("team"), body.get("user")
    found = team.get("id") if isinstance(team, dict) else None
    found = found or (user.get("team_id") if isinstance(user, dict) else None)
    return found if isinstance(found, str) else None


def delivery_of(body: Payload, own: str) -> str:
    """Return Slack's id of a delivery after the app's and workspace's, so that no other's is the same."""
    team = body.get("team")
    team_id = body.get("team_id") or (team.get("id") if isinstance(team, dict) else None)
    return ":".join([*(str(part) for part in (body.get("api_app_id"), team_id) if part), own])


def command_request(body: Payload) -> Request | None:
    """Return the request of a slash command: `/conclave run NVDA` and `/run NVDA` are the same.

    Never private, because Slack does not say whether a direct message is the one with this app.
    """
    user, channel = body.get("user_id"), body.get("channel_id")
    trigger = body.get("trigger_id")
    if not (isinstance(user, str) and isinstance(channel, str) and isinstance(trigger, str)):
        return None
    name = str(body.get("command", "")).removeprefix("/")
    text = typed(str(body.get("text") or ""))
    if not _ROOT_COMMAND.fullmatch(name):
        text = f"{name} {text}".strip()
    return Request(
        text=text.removeprefix("/"),
        address=Address("slack", channel),
        person=person_of(user, body.get("user_name")),
        delivery=delivery_of(body, trigger),
    )


def event_request(body: Payload) -> Request | None:
    """Return the request of a mention or direct message, or None for what is no command to us.

    Ignored are other bots, our own messages, edits, all that nobody has just written, and a mention in the
    midst of other words: such talk is about the app, and only a whole command beside the mention is to it.
    """
    event = body.get("event")
    event_id = body.get("event_id")
    if not isinstance(event, dict) or not isinstance(event_id, str):
        return None
    if any(event.get(sign) for sign in ("bot_id", "bot_profile", "edited", "hidden")):
        return None
    if event.get("subtype") not in _SAID:
        return None
    user, channel, text = event.get("user"), event.get("channel"), event.get("text")
    if not (isinstance(user, str) and isinstance(channel, str) and isinstance(text, str)):
        return None
    private = event.get("type") == "message"
    if private and event.get("channel_type") != "im":
        return None
    said = _said(text, _bot_of(body), private=private)
    if said is None:
        return None
    thread = event.get("thread_ts")
    return Request(
        text=said,
        address=Address("slack", channel, thread if isinstance(thread, str) else None),
        person=person_of(user, None),
        delivery=delivery_of(body, event_id),
        private=private,
    )


def _bot_of(body: Payload) -> str | None:
    for entry in body.get("authorizations") or []:
        if isinstance(entry, dict) and entry.get("is_bot") and isinstance(entry.get("user_id"), str):
            return str(entry["user_id"])
    return None


def _said(text: str, bot: str | None, *, private: bool) -> str | None:
    """Return the command without slash and mention, or None where nothing is said to our bot."""
    wanted = re.escape(bot) if bot else "[UW][A-Z0-9]+"
    found = re.search(rf"<@{wanted}(?:\|[^<>]*)?>", text)
    if not found:
        return typed(text).removeprefix("/") if private else None
    before, after = (typed(part).removeprefix("/") for part in (text[: found.start()], text[found.end() :]))
    if not before:
        return after
    beside = next((part for part in (after, before) if _is_command(part)), None)
    return typed(text).removeprefix("/") if beside is None and private else beside


def _is_command(text: str) -> bool:
    try:
        parse(text)
    except Refused:
        return False
    return bool(text)


def pressed(body: Payload) -> Pressed | None:
    """Return what a press of one of our buttons or menus asks, or None where it is not one of ours."""
    chosen = (body.get("actions") or [{}])[0]
    data = chosen.get("value") or (chosen.get("selected_option") or {}).get("value")
    user = body.get("user") or {}
    view = body.get("view") or {}
    container = body.get("container") or {}
    message = body.get("message") or {}
    if not isinstance(data, str) or not isinstance(user.get("id"), str):
        return None
    if view:
        address = place_from(str(view.get("private_metadata") or ""))
    else:
        channel = (body.get("channel") or {}).get("id") or container.get("channel_id")
        thread = message.get("thread_ts") or container.get("thread_ts")
        # A message to which somebody has replied names itself as its thread, but stands in the channel.
        if thread and thread == (message.get("ts") or container.get("message_ts")):
            thread = None
        address = Address("slack", channel, thread or None) if isinstance(channel, str) else None
    if address is None:
        return None
    own = body.get("trigger_id") or f"{chosen.get('action_ts', '')}:{user['id']}"
    if posts(data):
        # Two quick presses on the same state of a window are meant as one.
        own = f"{view.get('id')}:{view.get('hash')}:{data}"
    ephemeral, home = bool(container.get("is_ephemeral")), view.get("type") == "home"
    return Pressed(
        press=Press(
            data,
            address,
            person_of(user["id"], user.get("username") or user.get("name")),
            delivery_of(body, str(own)),
            None if view else container.get("message_ts") or message.get("ts"),
        ),
        trigger=str(body.get("trigger_id") or ""),
        response_url=body.get("response_url") or None,
        card=None if ephemeral or view else container.get("message_ts") or message.get("ts"),
        view=None if home else view.get("id"),
        home=home,
        callback=str(view.get("callback_id") or ""),
        seen=view.get("hash"),
        metadata=str(view.get("private_metadata") or ""),
    )


def place_of(address: Address, card: str | None = None) -> str:
    """Write an address into a modal, which otherwise does not know from which chat it was opened.

    `card` is the timestamp of the message from which it was opened, if others see that too.
    """
    place = {"chat": address.chat, "thread": address.thread}
    return json.dumps(place | ({"card": card} if card else {}))


def place_from(metadata: str) -> Address | None:
    """Read what `place_of` wrote, or None."""
    try:
        place = json.loads(metadata)
        return Address("slack", place["chat"], place["thread"])
    except (ValueError, KeyError, TypeError):
        return None


def thread_from(metadata: str) -> Address | None:
    """Read from what `place_of` wrote the thread of the message that everybody sees, or None."""
    address = place_from(metadata)
    if address is None:
        return None
    thread = address.thread or json.loads(metadata).get("card")
    return Address("slack", address.chat, thread) if isinstance(thread, str) else None


def who_of(body: Payload) -> Person:
    """Return the person who has pressed, chosen or typed what a payload tells of."""
    user = body.get("user") or {}
    given = user.get("id") or body.get("user_id") or ""
    return person_of(str(given), user.get("username") or user.get("name") or body.get("user_name"))


def sent_of(body: Payload) -> str:
    """Return the id of what was sent off, the same one however often Slack delivers it."""
    view = body.get("view") or {}
    return delivery_of(body, f"form:{view.get('id')}:{body.get('trigger_id') or view.get('hash')}")


def words_of(value: object) -> str:
    """Return all text that stands in a message, its blocks and attachments included."""
    if isinstance(value, dict):
        return " ".join(words_of(inner) for inner in value.values())
    if isinstance(value, list):
        return " ".join(words_of(inner) for inner in value)
    return value if isinstance(value, str) else ""
