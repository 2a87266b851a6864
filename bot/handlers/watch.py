"""`/watch`: the watchlist of a chat. Everybody with a role may look; runners change it, for it is run."""

from bot.access import Role, lacks_whole_chat
from bot.cards import Card
from bot.dialogue_buttons import mark_of
from bot.handlers.call import Call, PressCall
from bot.present.notices import not_allowed_notice, whole_chat_notice
from bot.present.watchlist import watchlist_card
from bot.watch_arguments import WatchArguments
from bot.watch_buttons import decode
from core.domain.errors import Refused


async def watch(call: Call, arguments: WatchArguments) -> Card:
    """Show what the chat watches, changed as asked."""
    use, address, person = call.app.watchlists, call.request.address, call.request.person.id
    if arguments.what != "list" and call.role < Role.RUNNER:
        return not_allowed_notice(call.role.title, Role.RUNNER.title, f"watch {arguments.what}")
    if arguments.what != "list" and await lacks_whole_chat(
        call.app, address, call.request.person, Role.RUNNER
    ):
        return whole_chat_notice(Role.RUNNER.title)
    match arguments.what:
        case "add":
            found = await use.add(address.chat_id, arguments.tickers, person=person)
        case "remove":
            found = await use.remove(address.chat_id, arguments.tickers, person=person)
        case "clear":
            found = await use.clear(address.chat_id, person=person)
        case "list":
            found = await use.of(address.chat_id)
    return watchlist_card(found, chat=mark_of(address))


async def watch_pressed(call: PressCall) -> Card:
    """Remove a ticker from the watchlist of the chat, and show what is left.

    Raises:
        Refused: the button is another chat's, or the ticker is not watched any more.
    """
    wish, address = decode(call.press.data), call.press.address
    if wish.chat != mark_of(address):
        raise Refused("This button belongs to another chat. Send /watch here.")
    if wish.ticker is None:
        return watchlist_card(await call.app.watchlists.of(address.chat_id), chat=wish.chat)
    if call.role < Role.RUNNER:
        return not_allowed_notice(call.role.title, Role.RUNNER.title, "watch remove")
    if await lacks_whole_chat(call.app, address, call.press.person, Role.RUNNER):
        return whole_chat_notice(Role.RUNNER.title)
    person = call.press.person.id
    found = await call.app.watchlists.remove(address.chat_id, [wish.ticker], person=person)
    return watchlist_card(found, chat=wish.chat)
