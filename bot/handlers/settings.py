"""`/settings`: how a chat wants to be treated. Everybody with a role may look, and runners change it.

Who may start runs is for admins to change: setting the defaults leaves that alone for everybody else.
"""

from collections.abc import Mapping
from datetime import time

from bot.access import Role, lacks_whole_chat
from bot.arguments import SettingsArguments
from bot.cards import Card
from bot.dialogue_buttons import SetTerms, mark_of
from bot.facts import style_of
from bot.handlers.call import Call
from bot.present.notices import not_allowed_notice, whole_chat_notice
from bot.present.settings import ask_language, ask_noise, ask_noise_of, ask_preset, ask_zone, settings_card
from bot.present.style import read_as
from bot.request import Address, Press
from bot.settings_arguments import settings as settings_from
from core.app.app import App
from core.domain.errors import StoreError
from core.domain.subscription import ChatTerms

_OF_TIMES = {"zone", "quiet_from", "quiet_until", "cheaper", "preset"}
_ADMINS = {"runs_by"}
_QUIET = {"quiet_from": time(22), "quiet_until": time(7)}
_WORDS = {
    "h": "cheaper",
    "i": "pictures",
    "k": "dark",
    "l": "language",
    "n": "noise",
    "p": "preset",
    "q": "quiet",
    "r": "runs",
    "z": "timezone",
}
"""What the first letter in a button stands for in a line."""


async def settings(call: Call, arguments: SettingsArguments) -> Card:
    """Show the terms of the chat, changed as asked."""
    address = call.request.address
    if arguments.changes is None:
        shown = await call.app.subscriptions.terms(address.platform, address.chat)
        return settings_card(shown, chat=mark_of(address))
    if await lacks_whole_chat(call.app, address, call.request.person, call.role):
        return whole_chat_notice(call.role.title)
    return await changed(call.app, address, arguments.changes, call.role)


async def settings_pressed(app: App, wish: SetTerms, press: Press, role: Role) -> Card:
    """Return the next question of a button, or what it has changed."""
    address = press.address
    if role < Role.RUNNER:
        return not_allowed_notice(role.title, Role.RUNNER.title, "settings with a change")
    if await lacks_whole_chat(app, address, press.person, role):
        return whole_chat_notice(role.title)
    letter, _, value = wish.setting.partition(".")
    if letter == "d":
        return await changed(app, address, {}, role)
    if letter == "q" and value == "on":
        return await changed(app, address, _QUIET, role)
    if value and not (letter == "n" and "." not in value):
        line = [_WORDS[letter], *value.split(".")]
        return await changed(app, address, settings_from(line).changes or {}, role)
    match letter:
        case "z":
            return ask_zone(wish.chat)
        case "l":
            return ask_language(wish.chat)
        case "p":
            return ask_preset(wish.chat)
    terms = (await app.subscriptions.terms(address.platform, address.chat)).terms
    return ask_noise_of(wish.chat, value, terms) if value else ask_noise(wish.chat, terms)


async def changed(app: App, address: Address, changes: Mapping[str, object], role: Role) -> Card:
    """Change the terms of a chat, or set the defaults without changes, and show them.

    Raises:
        StoreError: what is stored of them is damaged, and they are not set to the defaults.
    """
    needed = Role.ADMIN if changes.keys() & _ADMINS else Role.RUNNER
    if role < needed:
        what = "runs" if needed is Role.ADMIN else "with a change"
        return not_allowed_notice(role.title, needed.title, f"settings {what}")
    use = app.subscriptions
    before = None
    try:
        before = (await use.terms(address.platform, address.chat)).terms
    except StoreError:
        if changes or role < Role.ADMIN:
            raise
    terms = _changed(before or ChatTerms(), changes, role)
    shown = await use.set_terms(address.platform, address.chat, terms, before=before)
    done = "Changed; next times follow it." if not changes or changes.keys() & _OF_TIMES else "Changed."
    if terms == before:
        done = "Nothing to change: it is so already."
    with read_as(style_of(terms)):
        return settings_card(shown, chat=mark_of(address), done=done)


def _changed(before: ChatTerms, changes: Mapping[str, object], role: Role) -> ChatTerms:
    if not changes:
        return ChatTerms() if role >= Role.ADMIN else ChatTerms(runs_by=before.runs_by)
    noise = changes.get("noise")
    if isinstance(noise, Mapping):
        for kind, how in noise.items():
            before = before.with_noise([kind], how)
    return before.model_copy(update={name: value for name, value in changes.items() if name != "noise"})
