"""Pressed buttons of the dialogues about subscriptions: each carries all that was chosen before it.

Whoever presses may be somebody else than who began, and may have written the data by hand. So the chat, the
role and the age are looked at anew with each press.
"""

from bot.access import Role
from bot.cards import Card
from bot.dialogue_buttons import (
    Change,
    Choose,
    Deed,
    Leave,
    SetTerms,
    ShowList,
    decode,
    mark_of,
)
from bot.handlers.call import PressCall
from bot.handlers.settings import settings_pressed
from bot.handlers.subscriptions import listed, may_change, may_receive
from bot.present.dialogue import (
    OTHER,
    TIMES,
    ask_tickers,
    ask_time,
    ask_topic,
    explain_times,
    left_card,
)
from bot.present.notices import not_allowed_notice
from bot.present.subscriptions import deleted_card, subscribed_card
from bot.request import Press
from core.app.app import App
from core.app.wishes import wanted_from
from core.domain.errors import Refused
from core.domain.subscription import Topic


async def dialogue_pressed(call: PressCall) -> Card:
    """Return the next step of a dialogue, or what has come of it.

    Raises:
        Refused: the button is another chat's, too old, or what it asks for cannot be done.
    """
    app, press, role = call.app, call.press, call.role
    wish = decode(press.data)
    if wish.chat != mark_of(press.address):
        raise Refused("This button belongs to another chat. Send /subscribe here.")
    match wish:
        case ShowList():
            return await listed(app, press.address, page=wish.page)
        case Change():
            return await _change(app, wish, press, role)
        case SetTerms():
            return await settings_pressed(app, wish, press, role)
    if role < Role.RUNNER:
        return not_allowed_notice(role.title, Role.RUNNER.title, "subscribe")
    return left_card() if isinstance(wish, Leave) else await _choose(app, wish, press)


async def _choose(app: App, wish: Choose, press: Press) -> Card:
    topic, use, address = wish.topic, app.subscriptions, press.address
    if topic is None:
        return ask_topic(wish.chat)
    await may_receive(app, address, press.person, topic)
    words: list[str] = [topic.value]
    if topic is Topic.ALERTS:
        words.append("on")
    else:
        if topic is Topic.VERDICTS and wish.tickers is None:
            return ask_tickers(wish.chat, *await use.tickers(address.chat_id))
        if wish.time is None:
            return ask_time(wish, topic, (await use.terms(address.platform, address.chat)).zone)
        if wish.time == OTHER:
            return explain_times(wish, topic)
        if wish.time not in TIMES:
            raise Refused("This button is too old. Send /subscribe again.")
        if topic is Topic.VERDICTS:
            words.append(",".join(f"${ticker}" for ticker in wish.tickers or ()) or "watchlist")
        words += TIMES[wish.time][1].split()
    made = await use.subscribe(
        address.platform, address.chat, address.thread, person=press.person.id, wanted=wanted_from(words)
    )
    return subscribed_card(made, app.clock.now(), chat=wish.chat)


async def _change(app: App, wish: Change, press: Press, role: Role) -> Card:
    use, number, place = app.subscriptions, wish.number, (press.address.platform, press.address.chat)
    if wish.deed in {Deed.DELETE, Deed.UNDO}:
        await may_change(app, press.address, press.person, number, deletes=True)
        ended = await use.unsubscribe(*place, number)
        if wish.deed is Deed.UNDO:
            return deleted_card(ended)
        done = f"Number {number} is deleted. To have it again: /subscribe {ended.line}"
        return await listed(app, press.address, done=done)
    if role < Role.RUNNER:
        return not_allowed_notice(role.title, Role.RUNNER.title, "subscribe")
    await may_change(app, press.address, press.person, number)
    if wish.deed is Deed.PAUSE:
        did, state = await use.pause(*place, number), "paused"
    else:
        did, state = await use.resume(*place, number), "active again"
    done = f"Number {number} is {state}." if did else f"Number {number} was {state.split()[0]} already."
    return await listed(app, press.address, done=done)
