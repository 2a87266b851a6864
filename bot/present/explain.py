"""A verdict and a page of reasoning as windows: how the verdict came about, and the way to every member."""

from collections.abc import Sequence

from bot.buttons import OpenReasoning, OpenVerdict, TurnTo, encode
from bot.cards import Button, ReasoningCard, VerdictCard
from bot.home_buttons import PostPage
from bot.home_buttons import encode as encode_home
from bot.present import numbers, words
from bot.present.prose import listed
from bot.present.reasoning import Page
from bot.window_cards import ReasoningWindow, VerdictWindow
from core.domain.ballot import Abstention, Ballot
from core.domain.member import Member
from core.domain.run import RunRecord, Seat
from core.domain.verdict import Verdict

_MOST_REASONS = 6
_MOST_SIGNS = 260


def reasoning_window(card: ReasoningCard, page: Page, record: RunRecord, member: Member) -> ReasoningWindow:
    """Return a page of reasoning as a window that leads to the verdict and to every other member."""
    here = TurnTo(record.run_id, member.number, page.ordinal, page.number)
    shown = next((seat for seat in record.voters if seat.number == member.number), None)
    return ReasoningWindow(
        **dict(card),
        member_buttons=_members(record),
        member=_label(shown) if shown else member.name,
        verdict=Button(label="Verdict", data=encode(OpenVerdict(record.run_id))),
        post=Button(label="Post to thread", data=encode_home(PostPage(here))),
    )


def verdict_window(card: VerdictCard, record: RunRecord) -> VerdictWindow:
    """Return a verdict as a window that explains it."""
    return VerdictWindow(**dict(card), story=story_of(record), member_buttons=_members(record))


def story_of(record: RunRecord) -> str:
    """Say in prose how a verdict came about, then the reasons of those who were for it, a line each."""
    verdict, heard = record.verdict, len(record.voters)
    asked = f"{numbers.counted(heard, 'member')} saw the same evidence and"
    if not record.ballots:
        return f"{asked} cast no ballot, so there is no verdict."
    told = [f"{asked} cast {numbers.counted(len(record.ballots), 'ballot')}."]
    if verdict is None:
        return " ".join([*told, "They have not been counted yet."])
    told.append(_counted(verdict))
    told += [verdict.rule] if verdict.rule else []
    if record.abstentions:
        names = listed([one.member for one in record.abstentions])
        told.append(f"{names} abstained, which counts for nothing.")
    reasons = _reasons(record, verdict)
    why = [f"Why {verdict.decision}:", *reasons] if reasons else []
    return "\n".join([" ".join(told), *why])


def _counted(verdict: Verdict) -> str:
    votes = words.votes(verdict.votes)
    if verdict.decision is None:
        return f"The votes were {votes}; counted by the {verdict.method} method, they decide nothing."
    share = verdict.weighted_votes.get(verdict.decision)
    weighed = f", and {numbers.percent(share)} of the weight" if share is not None else ""
    return (
        f"The votes were {votes}; counted by the {verdict.method} method, they make {verdict.decision}, "
        f"with {numbers.percent(verdict.agreement)} of the ballots{weighed}."
    )


def _reasons(record: RunRecord, verdict: Verdict) -> Sequence[str]:
    for_it = [one for one in record.ballots if one.action is verdict.decision]
    told = [f"• {one.member} ({numbers.percent(one.confidence)}): {_first(one)}" for one in for_it]
    more = len(told) - _MOST_REASONS
    return [*told[:_MOST_REASONS], *([f"… and {more} more"] if more > 0 else [])]


def _first(ballot: Ballot) -> str:
    """Return the first reason of a ballot on one line, cut at a word where it is long."""
    text = " ".join((ballot.reasoning or " ".join(ballot.key_points[:1])).split())
    if len(text) <= _MOST_SIGNS:
        return text
    return text[:_MOST_SIGNS].rsplit(" ", 1)[0].rstrip(" ,;:") + " …"


def _members(record: RunRecord) -> tuple[Button, ...]:
    return tuple(
        Button(label=_label(seat), data=encode(OpenReasoning(record.run_id, seat.number)))
        for seat in record.voters
    )


def _label(seat: Seat) -> str:
    match seat.result:
        case Ballot() as ballot:
            return f"{seat.member} · {ballot.action} {numbers.percent(ballot.confidence)}"
        case Abstention():
            return f"{seat.member} · abstained"
        case None:
            return seat.member
