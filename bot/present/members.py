"""A member that leaves or comes back, in words."""

from bot.cards import DialogueCard, Notice
from bot.confirming import Confirmation
from bot.present import numbers
from bot.present.question import question_card
from core.app.membership import Left
from core.app.resets import ResetDone, ResetPlan
from core.domain.member import Member


def remove_card(member: Member, waiting: int, yes: Confirmation, name: str) -> DialogueCard:
    """Ask before a member is removed; `waiting` of its orders would be cancelled, and `name` asks."""
    orders = f" {_waiting(waiting)} cancelled." if waiting else ""
    return question_card(
        f"Remove {member.name} from the committee?",
        f"It takes part in no run from now on.{orders} Its holdings, books and history stay.",
        yes,
        label=f"remove {member.name}",
        name=name,
    )


def removed_card(left: Left) -> DialogueCard:
    """Say that a member takes no part any more."""
    orders = f" {numbers.counted(left.cancelled, 'waiting order')} cancelled." if left.cancelled else ""
    return DialogueCard(
        title=f"{left.member.name} is removed",
        text=f"It takes part in no run from now on.{orders} What it holds stays and is valued.",
        footer=f"/restore {left.member.name} brings it back.",
    )


def restored_notice(member: Member) -> Notice:
    """Say that a member takes part again, or why not yet."""
    if member.enabled:
        return Notice(text=f"{member.name} takes part again, from the next run on.")
    return Notice(
        text=f"{member.name} is back, but takes no part: the configuration does not enable it.",
        tone="warning",
    )


def reset_card(plan: ResetPlan, yes: Confirmation, name: str) -> DialogueCard:
    """Ask before a portfolio begins again; `name` asks."""
    value, held, waiting = numbers.usd(plan.value_usd), plan.holdings, plan.waiting
    closed = f"{numbers.counted(held, 'holding')} closed at the last marks, " if held else ""
    gone = f"{numbers.counted(waiting, 'waiting order')} cancelled, " if waiting else ""
    return question_card(
        f"Reset the portfolio of {plan.member} in the season {plan.season}?",
        f"It is worth {value}. {closed}{gone}cash back to {numbers.usd(plan.initial_usd)}; "
        "value and returns begin anew. This cannot be undone; the ledger keeps all of it.",
        yes,
        label=f"reset {plan.member}",
        name=name,
    )


def was_reset_card(done: ResetDone) -> DialogueCard:
    """Say that a portfolio has begun again."""
    was, initial = numbers.usd(done.was_usd), numbers.usd(done.initial_usd)
    return DialogueCard(
        title=f"The portfolio of {done.member} is reset",
        text=f"It was worth {was} and begins again with {initial}.",
        footer=f"/portfolio {done.member} shows it, with its history.",
    )


def _waiting(count: int) -> str:
    return "A waiting order is" if count == 1 else f"{count} waiting orders are"
