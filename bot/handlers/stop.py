"""`/stop` and the Stop button: end a run for good, for everybody who follows it.

Who asked for the run may stop it, and so may the admins of the chat or topic where it was asked for and those
of all chats; a run that a subscription asked for only admins.
"""

from dataclasses import dataclass

from bot.access import Role, lacks_whole_chat, rules_arena
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
    asking = await _asking(call.app, address, person, call.role)
    if starting := call.live.starting_in(address, arguments.reference):
        return _stops_first(starting, asking)
    found = await call.app.going_on(arguments.reference, address.platform, address.chat)
    allowed = [record for record in found if await asking.may_stop(record)]
    if len(allowed) > 1:
        return stopping.which_notice(allowed)
    return await _stopped((allowed or list(found))[0], asking)


async def stop_pressed(call: PressCall) -> Card:
    """Stop the run whose button was pressed, at once or as soon as it has begun.

    Raises:
        NotFound: the run is not there (any more).
    """
    asking = await _asking(call.app, call.press.address, call.press.person, call.role)
    wanted = decode(call.press.data)
    starting = call.live.starting(wanted)
    if starting is not None and starting.run_id is None:
        return _stops_first(starting, asking)
    run_id = wanted if starting is None or starting.run_id is None else starting.run_id
    return await _stopped(await call.app.run_record(run_id), asking)


@dataclass(frozen=True)
class _Asking:
    """Who wants a run stopped, and where. `chat` is of what they are admin: `EVERYWHERE`, a chat, or None.

    With `topic_alone` they are it only in the topic in which they ask.
    """

    app: App
    address: Address
    person: Person
    chat: str | None
    topic_alone: bool = False

    async def may_stop(self, record: RunRecord) -> bool:
        """Say whether they may stop a run."""
        chat = self.chat
        if self.topic_alone:
            thread = await self.app.thread_of(record.run_id, self.address.platform, self.address.chat)
            chat = chat if thread == self.address.thread else None
        return may_stop(record, self.person, admin_of=chat)

    def rules(self, there: Address) -> bool:
        """Say whether they are admin at a place."""
        if self.topic_alone:
            return there == self.address
        return self.chat in {EVERYWHERE, there.chat_id}


async def _asking(app: App, address: Address, person: Person, role: Role) -> _Asking:
    if role < Role.ADMIN:
        return _Asking(app, address, person, None)
    if await rules_arena(app, address, person):
        return _Asking(app, address, person, EVERYWHERE)
    alone = await lacks_whole_chat(app, address, person, Role.ADMIN)
    return _Asking(app, address, person, address.chat_id, alone)


def _stops_first(starting: Starting, asking: _Asking) -> Card:
    if not asking.rules(starting.address) and starting.asked_by != asking.person.id:
        return stopping.not_yours_notice(starting.ticker, scheduled=False)
    starting.stop_first(StopWish(asking.person, asking.may_stop))
    return stopping.stops_first_notice(starting.ticker)


async def _stopped(record: RunRecord, asking: _Asking) -> Card:
    if record.is_replay:
        raise NotFound("This run is part of a replay, which is stopped where it was started.")
    if not await asking.may_stop(record):
        return stopping.not_yours_notice(record.ticker, scheduled=record.once is not None)
    if await asking.app.stop(record.run_id, called(asking.person)):
        return stopping.stopped_notice(record.ticker)
    return stopping.over_notice(record.ticker)
