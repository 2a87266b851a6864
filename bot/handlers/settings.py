"""`/settings`: how a chat wants to be treated. Everybody with a role may look, and runners change it."""

from collections.abc import Mapping

from bot.access import Role
from bot.arguments import SettingsArguments
from bot.cards import Card
from bot.dialogue_buttons import mark_of
from bot.handlers.call import Call
from bot.present.dialogue import settings_card
from bot.present.notices import not_allowed_notice
from bot.request import Address
from core.app.app import App
from core.domain.subscription import ChatTerms


async def settings(call: Call, arguments: SettingsArguments) -> Card:
    """Show the terms of the chat, changed as asked."""
    address = call.request.address
    if arguments.changes is None:
        shown = await call.app.subscriptions.terms(address.platform, address.chat)
        return settings_card(shown, chat=mark_of(address))
    if call.role < Role.RUNNER:
        return not_allowed_notice(call.role.title, Role.RUNNER.title, "settings with a change")
    return await changed(call.app, address, arguments.changes)


async def changed(app: App, address: Address, changes: Mapping[str, object]) -> Card:
    """Change the terms of a chat, or set the defaults without changes, and show them."""
    use = app.subscriptions
    before = (await use.terms(address.platform, address.chat)).terms
    terms = before.model_copy(update=dict(changes)) if changes else ChatTerms()
    shown = await use.set_terms(address.platform, address.chat, terms)
    done = "Nothing to change: it is so already." if terms == before else "Changed; next times follow it."
    return settings_card(shown, chat=mark_of(address), done=done)
