"""The second step of what cannot be undone: somebody has pressed Yes or No.

Only who asked may answer, where they asked, within the minute, with the role that it needs now, and once.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from bot.access import Role, rules_arena
from bot.cards import Card
from bot.confirming import CONFIRM_WITHIN, Confirmation, Deed, decode
from bot.dialogue_buttons import mark_of
from bot.handlers.call import PressCall
from bot.handlers.members import remove_confirmed, reset_confirmed
from bot.handlers.season import end_confirmed, start_confirmed
from bot.handlers.subscriptions import unsubscribe_all_confirmed
from bot.present.notices import Refusal, not_allowed_notice, whole_arena_notice
from bot.present.question import NOTHING_DONE
from core.domain.errors import Refused


class _Step(NamedTuple):
    """What a yes does, the role that it needs, and the command that asks.

    What needs an admin is about the whole arena, so an admin of one chat is not enough.
    """

    role: Role
    command: str
    do: Callable[[PressCall, str], Awaitable[Card]]


_STEPS: Mapping[Deed, _Step] = {
    Deed.UNSUBSCRIBE_ALL: _Step(Role.RUNNER, "unsubscribe all", unsubscribe_all_confirmed),
    Deed.REMOVE: _Step(Role.ADMIN, "remove", remove_confirmed),
    Deed.RESET: _Step(Role.ADMIN, "reset", reset_confirmed),
    Deed.END_SEASON: _Step(Role.ADMIN, "season end", end_confirmed),
    Deed.START_SEASON: _Step(Role.ADMIN, "season start", start_confirmed),
}


async def confirmed(call: PressCall) -> Card:
    """Do what was asked about, or leave it.

    Raises:
        Refused: the question is another chat's, its minute is over, it has been answered, or the deed fails.
    """
    press, answer = call.press, decode(call.press.data)
    step = _STEPS[answer.deed]
    if answer.chat != mark_of(press.address):
        raise Refused(f"This button belongs to another chat. Send /{step.command} here.")
    if answer.person != mark_of(press.person):
        text = f"Only who asked can confirm this. Send /{step.command} yourself."
        return Refusal(text=text, tone="warning")
    if call.role < step.role:
        return not_allowed_notice(call.role.title, step.role.title, step.command)
    if step.role is Role.ADMIN and not await rules_arena(call.app, press.address, press.person):
        return whole_arena_notice(step.command)
    _check_minute(call, answer, step)
    if not await call.app.claim_delivery(press.address.platform, answer.key):
        raise Refused("This question has been answered already.")
    return await step.do(call, answer.target) if answer.yes else NOTHING_DONE


def _check_minute(call: PressCall, answer: Confirmation, step: _Step) -> None:
    left_s = answer.until - call.app.clock.now().timestamp()
    if not 0 < left_s <= CONFIRM_WITHIN.total_seconds():
        raise Refused(f"The minute to confirm is over, and nothing was done. Send /{step.command} again.")
