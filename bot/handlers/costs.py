"""`/costs` and its buttons: what model calls have cost, as far as whoever asks may know.

In a private chat an admin of the whole arena sees all, and everybody else what they caused themselves and
what was caused in that chat. In a group everybody sees what was caused there, and nothing else.
"""

from bot.access import is_private, rules_arena
from bot.cards import Card
from bot.cost_arguments import CostArguments
from bot.cost_buttons import ShowCosts, decode
from bot.facts import zone_of
from bot.handlers.call import Call, PressCall
from bot.present.costs import FOR_ADMINS, MOST_ROWS, costs_card
from bot.request import Address, Person
from core.app.app import App
from core.domain.costs import EVERYTHING, CostScope
from core.domain.errors import NotAllowed


async def costs(call: Call, arguments: CostArguments) -> Card:
    """Show what calls have cost.

    Raises:
        NotAllowed: it is asked for by something that only admins see, and only in private.
    """
    request = call.request
    return await _shown(call.app, request.address, request.person, arguments, private=request.private)


async def costs_pressed(call: PressCall) -> Card:
    """Show other groups or another time in the place of the card.

    Raises:
        Refused: the data were not made here.
        NotAllowed: as in `costs`.
    """
    press = call.press
    private = is_private(press.address, press.person)
    return await _shown(call.app, press.address, press.person, decode(press.data), private=private)


async def _shown(app: App, address: Address, person: Person, wish: ShowCosts, *, private: bool) -> Card:
    scope = await _scope(app, address, person, private=private)
    if wish.by in FOR_ADMINS and not scope.everything:
        raise NotAllowed(
            f"Costs by {wish.by} are for admins, in a private chat with me. Here is /costs by model."
        )
    return costs_card(await app.costs(wish.by, wish.period, scope, most=MOST_ROWS), zone_of(app))


async def _scope(app: App, address: Address, person: Person, *, private: bool) -> CostScope:
    private = private or address.platform == "terminal"
    if private and await rules_arena(app, address, person):
        return EVERYTHING
    return await app.costs_scope(address.chat_id, person.id if private else None)
