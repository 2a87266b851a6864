"""The members of the arena as a card."""

from collections.abc import Sequence

from bot.cards import ModelsCard
from bot.present import numbers
from core.domain.member import Member, MemberKind

_WHAT = {
    MemberKind.LLM: "language model",
    MemberKind.BASELINE: "baseline, a rule without a model",
    MemberKind.COMMITTEE: "follows the verdicts",
    MemberKind.CROWD: "follows the votes of people",
    MemberKind.IMPORTED: "traded elsewhere, from an imported log",
}


def models_card(members: Sequence[Member]) -> ModelsCard:
    """Return the card of all members, in the order given."""
    voters = [member for member in members if not member.kind.follows]
    taking_part = sum(member.enabled for member in voters)
    return ModelsCard(
        title="The committee",
        lines=tuple((member.name, _about(member)) for member in members),
        footer=f"{taking_part} of {numbers.counted(len(voters), 'member')} take part in every run.",
    )


def _about(member: Member) -> str:
    about = " → ".join(member.route) if member.route else _WHAT[member.kind]
    weight = "" if member.kind.follows else f" · weight {numbers.weight(member.weight)}"
    if member.removed_at:
        return f"{about} · was removed, /restore {member.name} brings it back"
    return f"{about}{weight}" if member.enabled else f"{about} · does not take part"
