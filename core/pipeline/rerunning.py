"""Old evidence before members again: who is told what, so that only what was changed differs."""

from collections.abc import Sequence
from decimal import Decimal

from core.domain.books import Portfolio
from core.domain.errors import NotFound
from core.domain.member import Member
from core.domain.run import Briefing, RunRecord, Seat
from core.domain.season import RERUN, Season
from core.store.store import Store


def seats_again(original: RunRecord, members: Sequence[Member], cash_usd: Decimal) -> tuple[Seat, ...]:
    """Seat members before the evidence of a run; those that follow verdicts or votes are left out.

    Whoever sat in it is told of the same books, remembers the same and has the same weight. Others are told
    of an account with `cash_usd` and nothing else, and remember nothing.
    """
    before = {seat.member: seat.model_copy(update={"result": None}) for seat in original.voters}
    return tuple(
        before.get(member.name) or _newcomer(member, cash_usd)
        for member in members
        if not member.kind.follows
    )


def _newcomer(member: Member, cash_usd: Decimal) -> Seat:
    portfolio = Portfolio(member=member.name, cash_usd=cash_usd)
    return Seat(
        member=member.name,
        number=member.number,
        kind=member.kind,
        weight=member.weight,
        briefing=Briefing(portfolio=portfolio, equity_usd=cash_usd),
    )


def season_of_rerun(run_id: str) -> Season:
    """Return the season of a run on old evidence: of itself alone, without books."""
    return Season(f"{RERUN}{run_id}")


async def first_asked(store: Store, record: RunRecord) -> RunRecord:
    """Return the run for which the evidence of `record` was frozen; itself, unless it asks again.

    Raises:
        NotFound: a run that was asked again is not there any more.
    """
    while record.rerun_of is not None:
        before = await store.runs.record(record.rerun_of)
        if before is None:
            raise NotFound(f"There is no run {record.rerun_of}, which {record.run_id} repeats.")
        record = before
    return record
