"""A run that goes on: from its events to one line a member."""

from dataclasses import dataclass, replace
from typing import Literal
from zoneinfo import ZoneInfo

from bot.buttons import CastVote, encode
from bot.cards import Button, ProgressCard, ProgressLine
from bot.present import numbers, words
from bot.stop_buttons import stop_button
from core.domain.ballot import Abstention, Action, Ballot, MemberResult
from core.domain.events import (
    MemberFinished,
    RunEnded,
    RunEvent,
    RunStarted,
    StageFinished,
    StageStarted,
    VotesCounted,
)
from core.domain.member import MemberKind
from core.domain.run import RunRecord
from core.domain.stage import Step


@dataclass(frozen=True)
class MemberProgress:
    """Where one member stands: the steps it works on, how many of `total` are done, or its result."""

    member: str
    working: tuple[Step, ...] = ()
    done: int = 0
    total: int | None = None
    result: MemberResult | None = None

    @property
    def state(self) -> Literal["waiting", "working", "done", "failed"]:
        """The state as the card names it."""
        match self.result:
            case Ballot():
                return "done"
            case Abstention():
                return "failed"
            case None:
                return "working" if self.working or self.done else "waiting"

    @property
    def detail(self) -> str:
        """The state in words: `bull · 5 of 12`, `BUY 72 %`, or why it abstained."""
        match self.result:
            case Ballot() as ballot:
                return f"{ballot.action} {numbers.percent(ballot.confidence)}"
            case Abstention() as abstention:
                return words.abstained(abstention)
            case None:
                return self._stage()

    def _stage(self) -> str:
        if not (self.working or self.done):
            return "waiting"
        name = words.stage_name(*self.working[0]) if self.working else "thinking"
        if self.total is None:
            return name
        return f"{name} · {min(self.done + 1, self.total)} of {self.total}"


@dataclass(frozen=True)
class RunProgress:
    """All that the events of one run have told so far. `apply` is pure: it returns the next state.

    `terms` and `note` stand on the card besides: what the run presumably costs and what is left of a quota,
    and what is done about the run.
    `ticket` is for the Stop button while the run has no id.
    """

    ticker: str
    zone: ZoneInfo
    record: RunRecord | None = None
    resumed: bool = False
    members: tuple[MemberProgress, ...] = ()
    votes: tuple[tuple[Action, int], ...] = ()
    terms: str = ""
    ticket: str | None = None
    note: str | None = None

    def apply(self, event: RunEvent) -> "RunProgress":
        """Return the state after `event`; a repeated or late event changes nothing that is settled."""
        match event:
            case RunStarted():
                seats = tuple(MemberProgress(seat.member, result=seat.result) for seat in event.record.voters)
                return replace(self, record=event.record, resumed=event.resumed, members=seats)
            case StageStarted():
                return self._member(event.member, started=Step(event.stage, event.round))
            case StageFinished():
                step = Step(event.stage, event.round)
                return self._member(event.member, finished=step, done=event.done, total=event.total)
            case MemberFinished():
                return self._member(event.result.member, result=event.result)
            case VotesCounted():
                return replace(self, votes=tuple(event.counts.items()))
            case RunEnded():
                results = {seat.member: seat.result for seat in event.record.voters}
                settled = tuple(replace(m, result=results.get(m.member) or m.result) for m in self.members)
                return replace(self, record=event.record, members=settled)

    def _member(
        self,
        name: str,
        *,
        started: Step | None = None,
        finished: Step | None = None,
        done: int = 0,
        total: int | None = None,
        result: MemberResult | None = None,
    ) -> "RunProgress":
        return replace(
            self,
            members=tuple(
                replace(
                    member,
                    working=tuple(step for step in member.working if step not in {started, finished})
                    + ((started,) if started else ()),
                    done=max(member.done, done),
                    total=total or member.total,
                    result=member.result or result,
                )
                if member.member == name
                else member
                for member in self.members
            ),
        )

    @property
    def run_id(self) -> str | None:
        """The run's id, once the run has started."""
        return self.record.run_id if self.record else None

    def card(self) -> ProgressCard:
        """Return the state as a card."""
        if self.record is None:
            return ProgressCard(
                title=f"Asking the committee about {self.ticker}",
                subtitle=self.note or "Getting prices …",
                lines=(),
                stop=stop_button(self.ticket) if self.ticket and not self.note else None,
            )
        record = self.record
        count = numbers.counted(len(self.members), "member")
        crowd = record.follower(MemberKind.CROWD)
        votes_count = crowd is not None and crowd.result is None
        about = f"{record.preset} · as of {numbers.moment(record.as_of, self.zone)}"
        about = f"{about} · {self.note}" if self.note else about
        return ProgressCard(
            title=f"Asking {count} about {record.ticker}",
            subtitle=" · ".join([about, *(["resumed"] if self.resumed else []), *filter(None, [self.terms])]),
            lines=tuple(
                ProgressLine(
                    member=member.member,
                    state=member.state,
                    detail=member.detail,
                    action=member.result.action if isinstance(member.result, Ballot) else None,
                )
                for member in self.members
            ),
            caveat=record.caveat,
            votes=words.votes(dict(self.votes)) if votes_count else None,
            buttons=_vote_buttons(record.run_id) if votes_count else (),
            stop=stop_button(record.run_id),
        )


def _vote_buttons(run_id: str) -> tuple[Button, ...]:
    return tuple(
        Button(label=action.capitalize(), data=encode(CastVote(run_id, action))) for action in words.SCALE
    )
