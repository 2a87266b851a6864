"""`/stop` and the Stop button: end a run for good, for everybody who follows it.

Who asked for the run may stop it, and so may the admins of the chat where it was asked for and those of all
chats; a run that a subscription asked for only admins.
"""

from bot.access import Role
from bot.arguments import StopArguments
from bot.cards import Card
from bot.handlers.call import Call, PressCall
from bot.present import stopping
from bot.request import Address, Person
from bot.stop_buttons import decode
from bot.stopping import EVERYWHERE, Starting, StopWish, called, may_stop
from core.app.app import App
from core.domain.errors import NotFound
from core.domain.run import RunRecord


async def stop(call: Call, arguments: StopArguments) -> Card:
    """Stop the run that is meant, or ask which one."""
    address, person = call.request.address, call.request.person
    admin_of = await _admin_of(call.app, address, person, call.role)
    if starting := call.live.starting_in(address, arguments.reference):
        return _stops_first(starting, address, person, admin_of)
    found = await call.app.going_on(arguments.reference, address.platform, address.chat)
    allowed = [record for record in found if may_stop(record, person, admin_of=admin_of)]
    if len(allowed) > 1:
        return stopping.which_notice(allowed)
    return await _stopped(call.app, (allowed or list(found))[0], person, admin_of)


async def stop_pressed(call: PressCall) -> Card:
    """Stop the run whose button was pressed, at once or as soon as it has begun.

    Raises:
        NotFound: the run is not there (any more).
    """
    address, person, wanted = call.press.address, call.press.person, decode(call.press.data)
    admin_of = await _admin_of(call.app, address, person, call.role)
    starting = call.live.starting(wanted)
    if starting is not None and starting.run_id is None:
        return _stops_first(starting, address, person, admin_of)
    run_id = wanted if starting is None or starting.run_id is None else starting.run_id
    return await _stopped(call.app, await call.app.run_record(run_id), person, admin_of)


async def _admin_of(app: App, address: Address, person: Person, role: Role) -> str | None:
    """Return the chat of which a person is admin, `EVERYWHERE`, or None."""
    if role < Role.ADMIN:
        return None
    if address.platform == "terminal" or await app.people.is_admin_everywhere(person.id):
        return EVERYWHERE
    return address.chat_id


def _stops_first(starting: Starting, address: Address, person: Person, admin_of: str | None) -> Card:
    here = admin_of == EVERYWHERE or (admin_of is not None and starting.address.chat_id == address.chat_id)
    if not here and starting.asked_by != person.id:
        return stopping.not_yours_notice(starting.ticker, scheduled=False)
    starting.stop_first(StopWish(person, admin_of))
    return stopping.stops_first_notice(starting.ticker)


async def _stopped(app: App, record: RunRecord, person: Person, admin_of: str | None) -> Card:
    if record.is_replay:
        raise NotFound("This run is part of a replay, which is stopped where it was started.")
    if not may_stop(record, person, admin_of=admin_of):
        return stopping.not_yours_notice(record.ticker, scheduled=record.once is not None)
    if await app.stop(record.run_id, called(person)):
        return stopping.stopped_notice(record.ticker)
    return stopping.over_notice(record.ticker)
