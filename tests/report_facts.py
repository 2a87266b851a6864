"""A season's report as it could have been: drawn from the bundled sample prices, with made-up decisions.

What everybody was worth is in `tests.report_figures`; who cast which ballot is thrown with a fixed seed.
"""

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from core.domain.actions import ActionKind, CorporateAction
from core.domain.ballot import Abstention, AbstentionKind, Action, Ballot, MemberResult, Rating
from core.domain.books import Fill, Side
from core.domain.run import RunRecord, Seat
from core.domain.scores import Metric
from core.domain.season_report import (
    Place,
    SeasonReport,
)
from core.domain.stage import ModelChat, Stage
from core.domain.verdict import Dissent, Verdict, WeightUsed
from core.market.sample_vendor import SAMPLE_CAVEAT, SAMPLE_TICKERS
from tests.arena_facts import ballot, order, seats, stage
from tests.report_figures import (
    CASH,
    MADE_AT,
    MINIMUMS,
    SEASON,
    SESSIONS,
    bars,
    benchmark_curve,
    calibration,
    curve,
    scorecard,
    sessions,
)

KINDS = {
    "claude-sonnet-4.5": "llm",
    "gpt-5": "llm",
    "gemini-2.5-pro": "llm",
    "grok-4": "llm",
    "deepseek-v3.2": "llm",
    "buy_and_hold": "baseline",
    "momentum": "baseline",
    "sma_cross": "baseline",
    "mean_reversion": "baseline",
    "coin_flip": "baseline",
    "committee": "committee",
    "crowd": "crowd",
}


REASONS = (
    "Search revenue still grows by a fifth, and the price is back at its fifty-day mean.",
    "Momentum is broken: three lower highs, and volume rises on the days that fall.",
    "Nothing in the evidence separates this price from a fair one.",
)


def _result(member: str, kind: str, thrown: random.Random) -> MemberResult:
    if thrown.random() < 0.06:
        return Abstention(member=member, kind=AbstentionKind.TIMEOUT, reason="no answer within 120 s")
    rating = thrown.choice([Rating.BUY, Rating.OVERWEIGHT, Rating.HOLD, Rating.SELL])
    return ballot(
        member,
        rating,
        f"{thrown.uniform(0.5, 0.95):.2f}",
        model=f"vendor/{member}" if kind == "llm" else None,
        cost="0.0213" if kind == "llm" else "0",
        tokens=14_210 if kind == "llm" else 0,
        latency_ms=4_200,
        reasoning=thrown.choice(REASONS),
    )


def run(number: int) -> RunRecord:
    """Every fifth session, one of the four tickers."""
    thrown = random.Random(number)
    ticker = SAMPLE_TICKERS[number % 4]
    session = sessions()[min(number, SESSIONS - 2)]
    as_of = datetime.combine(session, time(21), tzinfo=UTC)
    voters = {name: kind for name, kind in KINDS.items() if kind in {"llm", "baseline"}}
    template = seats()[0]
    run_id = f"{number:08d}"
    sat = tuple(
        Seat(
            member=name,
            number=place,
            kind=kind,
            weight=Decimal(1),
            briefing=template.briefing,
            result=_result(name, kind, thrown),
        )
        for place, (name, kind) in enumerate(voters.items(), 1)
    )
    cast = [seat.result for seat in sat if isinstance(seat.result, Ballot)]
    votes = {action: sum(each.action is action for each in cast) for action in Action}
    decision = max(votes, key=lambda action: votes[action])
    against = [each for each in cast if each.action is not decision]
    agreement = Decimal(votes[decision]) / len(cast)
    verdict = Verdict(
        decision=decision,
        method="weighted",
        agreement=agreement.quantize(Decimal("0.0001")),
        high_consensus=agreement >= Decimal("0.7"),
        average_confidence=Decimal("0.68"),
        weighted_confidence=Decimal("0.7139"),
        votes=votes,
        weighted_votes={
            action: (Decimal(count) / len(cast)).quantize(Decimal("0.0001"))
            for action, count in votes.items()
        },
        outliers=tuple(each.member for each in against),
        dissent=tuple(
            Dissent(member=each.member, action=each.action, reason=each.reasoning) for each in against
        ),
        weights=tuple(
            WeightUsed(member=each.member, configured=Decimal(1), weight=Decimal("0.93"), sample=12)
            for each in cast
        ),
        abstained=tuple(seat.member for seat in sat if isinstance(seat.result, Abstention)),
    )
    return RunRecord.model_validate(
        {
            "run_id": run_id,
            "ticker": ticker,
            "as_of": as_of,
            "preset": "quick",
            "season": SEASON,
            "state": "finished",
            "config_hash": "c0ffee",
            "evidence_sha256": f"{number:064x}",
            "source": "sample",
            "caveat": SAMPLE_CAVEAT,
            "requested_by": "terminal",
            "requested_in": "terminal",
            "started_at": as_of,
            "finished_at": as_of + timedelta(seconds=6.2),
            "seats": sat,
            "verdict": verdict,
            "orders": (order("gpt-5", "2.5", "filled", run_id=run_id, ticker=ticker),),
            "fills": (fill(number, "gpt-5"),),
        }
    )


def fill(number: int, member: str) -> Fill:
    ticker = SAMPLE_TICKERS[number % 4]
    bar = bars(ticker)[min(number + 1, SESSIONS - 1)]
    shares, side = Decimal("2.5"), Side.SELL if number % 3 == 2 else Side.BUY
    amount = (shares * bar.open).quantize(Decimal("0.01"))
    return Fill(
        id=f"f{number}-{member}",
        order_id=f"o{number}-{member}",
        season=SEASON,
        run_id=f"{number:08d}",
        member=member,
        ticker=ticker,
        side=side,
        shares=shares,
        price=bar.open,
        amount_usd=-amount if side is Side.BUY else amount,
        fee_usd=Decimal("0.25"),
        session=bar.date,
        filled_at=datetime.combine(bar.date, time(14, 30), tzinfo=UTC),
    )


def evidence_of(record: RunRecord) -> str:
    """A fenced passage as it stands in every prompt of a run."""
    key = record.evidence_sha256[-12:]
    rows = "\n".join(
        f"{bar.date} {bar.open:.4f} {bar.high:.4f} {bar.low:.4f} {bar.close:.4f} {bar.volume}"
        for bar in bars(record.ticker)[:30]
    )
    return f"[[evidence {key}]]\ninstrument: {record.ticker} (USD)\n{rows}\n[[/evidence {key}]]"


def chats_of(record: RunRecord, stages: Iterable[Stage] = (Stage.DECISION,)) -> tuple[ModelChat, ...]:
    """The ModelChats of a run."""
    chats = []
    for seat in record.seats:
        told = seat.result.reasoning if isinstance(seat.result, Ballot) else "no answer"
        written = tuple(
            stage(
                seat.member,
                each,
                f"As {each.value}: {told}",
                run_id=record.run_id,
                prompt=f"You sit on a committee.\n\n{evidence_of(record)}\n\nDecide as {each.value}.",
                key_points=("Revenue grows", "The price is fair"),
            )
            for each in stages
        )
        chats.append(
            ModelChat(
                run_id=record.run_id,
                ticker=record.ticker,
                as_of=record.as_of,
                member=seat.member,
                stages=written,
                result=seat.result,
            )
        )
    return tuple(chats)


def report(*, runs: int = 12, with_chats: bool = True, **changes: object) -> SeasonReport:
    """Twelve members over 106 sessions, or a variation of it."""
    curves = tuple(curve(member, kind) for member, kind in KINDS.items())
    cards = sorted(
        (scorecard(each) for each in curves),
        key=lambda card: card.figures[Metric.VALUE].value or 0,
        reverse=True,
    )
    held = tuple(run(number) for number in range(1, runs * 5, 5))
    facts: dict[str, object] = {
        "season": SEASON,
        "made_at": MADE_AT,
        "first": sessions()[0],
        "last": sessions()[-1],
        "initial_cash_usd": CASH,
        "benchmark": "SPY",
        "caveat": SAMPLE_CAVEAT,
        "minimums": MINIMUMS,
        "scorecards": tuple(cards),
        "places": {
            card.member: Place(number, {1: "🥇", 2: "🥈", 3: "🥉"}.get(number, ""))
            for number, card in enumerate(cards, 1)
        },
        "models": 5,
        "committee_beats": 3,
        "crowd_beats": 2,
        "curves": curves,
        "benchmark_curve": benchmark_curve(),
        "calibrations": tuple(calibration(name) for name, kind in KINDS.items() if kind == "llm"),
        "runs": held,
        "chats": tuple(chat for each in held for chat in chats_of(each)) if with_chats else (),
        "fills": tuple(filled for each in held for filled in each.fills),
        "corporate_actions": (
            CorporateAction(
                ticker="IBM",
                kind=ActionKind.DIVIDEND,
                ex_date=date(2012, 2, 8),
                value=Decimal("0.75"),
                source="vendor",
            ),
        ),
    }
    return SeasonReport.model_validate(facts | changes)
