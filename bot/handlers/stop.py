"""`/stop` and the Stop button: end a run for good, for everybody who follows it.

Who asked for the run may stop it, and so may every admin; a run that a subscription asked for only admins.
"""

from bot.access import Role
from bot.arguments import StopArguments
from bot.cards import Card
from bot.handlers.call import Call, PressCall
from bot.present import stopping
from bot.request import Person
from bot.stop_buttons import decode
from bot.stopping import Starting, StopWish, called, may_stop
from core.app.app import App
from core.domain.errors import NotFound
from core.domain.run import RunRecord


async def stop(call: Call, arguments: StopArguments) -> Card:
    """Stop the run that is meant, or ask which one."""
    address, person = call.request.address, call.request.person
    if starting := call.live.starting_in(address, arguments.reference):
        return _stops_first(starting, person, call.role)
    found = await call.app.going_on(arguments.reference, address.platform, address.chat)
    admin = call.role >= Role.ADMIN
    allowed = [record for record in found if may_stop(record, person, admin=admin)]
    if len(allowed) > 1:
        return stopping.which_notice(allowed)
    return await _stopped(call.app, (allowed or list(found))[0], person, call.role)


async def stop_pressed(call: PressCall) -> Card:
    """Stop the run whose button was pressed, at once or as soon as it has begun.

    Raises:
        NotFound: the run is not there (any more).
    """
    person, wanted = call.press.person, decode(call.press.data)
    starting = call.live.starting(wanted)
    if starting is None:
        return await _stopped(call.app, await call.app.run_record(wanted), person, call.role)
    if starting.run_id is not None:
        return await _stopped(call.app, await call.app.run_record(starting.run_id), person, call.role)
    return _stops_first(starting, person, call.role)


def _stops_first(starting: Starting, person: Person, role: Role) -> Card:
    admin = role >= Role.ADMIN
    if not admin and starting.asked_by != person.id:
        return stopping.not_yours_notice(starting.ticker, scheduled=False)
    starting.stop_first(StopWish(person, admin))
    return stopping.stops_first_notice(starting.ticker)


async def _stopped(app: App, record: RunRecord, person: Person, role: Role) -> Card:
    if record.is_replay:
        raise NotFound("This run is part of a replay, which is stopped where it was started.")
    if not may_stop(record, person, admin=role >= Role.ADMIN):
        return stopping.not_yours_notice(record.ticker, scheduled=record.once is not None)
    if await app.stop(record.run_id, called(person)):
        return stopping.stopped_notice(record.ticker)
    return stopping.over_notice(record.ticker)
