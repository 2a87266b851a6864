"""The members of the arena as a card."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.cards import ModelsCard
from bot.present import numbers
from bot.present.stability import steadiness
from core.domain.member import Member, MemberKind
from core.domain.stability import Stability

_NONE: Mapping[str, Stability] = MappingProxyType({})
_WHAT = {
    MemberKind.LLM: "language model",
    MemberKind.BASELINE: "baseline, a rule without a model",
    MemberKind.COMMITTEE: "follows the verdicts",
    MemberKind.CROWD: "follows the votes of people",
    MemberKind.IMPORTED: "traded elsewhere, from an imported log",
}


def models_card(
    members: Sequence[Member], stabilities: Mapping[str, Stability] = _NONE, zone: ZoneInfo | None = None
) -> ModelsCard:
    """Return the card of all members, in the order given, with what the last check of stability has found."""
    voters = [member for member in members if not member.kind.follows]
    taking_part = sum(member.enabled for member in voters)
    return ModelsCard(
        title="The committee",
        lines=tuple((member.name, _about(member, stabilities.get(member.name), zone)) for member in members),
        footer=f"{taking_part} of {numbers.counted(len(voters), 'member')} take part in every run.",
    )


def _about(member: Member, found: Stability | None, zone: ZoneInfo | None) -> str:
    about = " → ".join(member.route) if member.route else _WHAT[member.kind]
    about += "".join(f" · {stage}: {' → '.join(route)}" for stage, route in member.stages.items())
    weight = "" if member.kind.follows else f" · weight {numbers.weight(member.weight)}"
    if member.removed_at:
        return f"{about} · was removed, /restore {member.name} brings it back"
    if not member.enabled:
        return f"{about} · does not take part"
    return f"{about}{weight} · {steadiness(found, zone)}" if found else f"{about}{weight}"
