"""`/remove`, `/restore` and `/reset`: what admins do to members. What cannot be undone asks first."""

import re

from bot.access import rules_arena
from bot.cards import Card
from bot.confirming import Deed, asked
from bot.handlers.call import Call, PressCall
from bot.named_member import MemberArguments
from bot.present.members import remove_card, removed_card, reset_card, restored_notice, was_reset_card
from bot.present.notices import whole_arena_notice
from bot.season_target import season_mark
from core.app.app import App
from core.domain.errors import Refused
from core.domain.member import Member

_NUMBER = re.compile("[1-9][0-9]{0,8}", re.ASCII)


async def remove(call: Call, arguments: MemberArguments) -> Card:
    """Ask whether a member is to take no part any more."""
    app, request = call.app, call.request
    if not await rules_arena(app, request.address, request.person):
        return whole_arena_notice("remove")
    member = await app.member(arguments.member)
    waiting = await app.membership.check(member)
    yes = asked(Deed.REMOVE, str(member.number), request.address, request.person, app.clock.now())
    return remove_card(member, waiting, yes, request.person.name)


async def remove_confirmed(call: PressCall, target: str) -> Card:
    """Let a member take no part any more, after a second word."""
    member = await _of_target(call.app, target)
    return removed_card(await call.app.membership.remove(member, call.press.person.id))


async def restore(call: Call, arguments: MemberArguments) -> Card:
    """Bring a member back that was removed."""
    app, request = call.app, call.request
    if not await rules_arena(app, request.address, request.person):
        return whole_arena_notice("restore")
    return restored_notice(await app.membership.restore(await app.member(arguments.member)))


async def reset(call: Call, arguments: MemberArguments) -> Card:
    """Ask whether a portfolio is to begin again."""
    app, request = call.app, call.request
    if not await rules_arena(app, request.address, request.person):
        return whole_arena_notice("reset")
    member = await app.member(arguments.member)
    await app.freeze_if_due()
    plan = await app.resets.plan(member)
    target = f"{member.number}~{season_mark(plan.season)}"
    yes = asked(Deed.RESET, target, request.address, request.person, app.clock.now())
    return reset_card(plan, yes, request.person.name)


async def reset_confirmed(call: PressCall, target: str) -> Card:
    """Let a portfolio begin again, after a second word.

    Raises:
        Refused: another season is open by now, or the books cannot be closed.
    """
    app, (number, _, season) = call.app, target.partition("~")
    member = await _of_target(app, number)
    await app.freeze_if_due()
    plan = await app.resets.plan(member)
    if season_mark(plan.season) != season:
        raise Refused("Another season has begun meanwhile, and nothing was done. Send /reset again.")
    return was_reset_card(await app.resets.reset(member, plan.season))


async def _of_target(app: App, target: str) -> Member:
    if not _NUMBER.fullmatch(target):
        raise Refused("This button is too old, and nothing was done. Send the command again.")
    return await app.member_numbered(int(target))
