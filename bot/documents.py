"""What `--json` prints: facts as documents for people's scripts. Names and forms here must not drift.

Money is a decimal string, ratios are numbers from 0 to 1, times are ISO 8601 with their offset.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from bot.member_documents import asides
from bot.plain_money import plain_money as _money
from core.domain.audit import Extent, Finding
from core.domain.ballot import Abstention, Action, Ballot
from core.domain.books import Fill, Happening, Leaderboard, Order, Standing, Statement
from core.domain.calibration import Calibration
from core.domain.member import MemberKind
from core.domain.memory import Reflection
from core.domain.run import RunRecord
from core.domain.scores import Figure, Luck
from core.domain.stage import ModelChat, Stage, StageRecord
from core.domain.verdict import Dissent, Verdict, WeightUsed

Document = dict[str, Any]


def run_document(record: RunRecord, now: datetime) -> Document:
    """Return one run; `decision` is null when there is no verdict.

    `ballots` and `abstentions` are those of the members that were heard. `committee` and `crowd` are one of
    either, or null where they take no part or the run has not come so far.
    """
    verdict = record.verdict
    return {
        "run_id": record.run_id,
        "ticker": record.ticker,
        "as_of": record.as_of.isoformat(),
        "evidence_sha256": record.evidence_sha256,
        **_verdict(verdict),
        "abstentions": [_abstention(abstention) for abstention in record.abstentions],
        "ballots": [_ballot(ballot) for ballot in record.ballots],
        "committee": _follower(record, MemberKind.COMMITTEE),
        "crowd": _follower(record, MemberKind.CROWD),
        "fills": [_fill(fill) for fill in record.fills],
        "total_cost_usd": _money(record.cost_usd),
        "total_tokens": record.tokens,
        "latency_ms": record.latency_ms(now),
        "state": record.state.value,
        "preset": record.preset.value,
        "season": str(record.season),
        "rerun_of": record.rerun_of,
        "source": record.source,
        "caveat": record.caveat,
        "orders": [_order(order) for order in record.orders],
    }


def _verdict(verdict: Verdict | None) -> Document:
    if verdict is None:
        nobody = dict.fromkeys(Action, 0)
        shares = dict.fromkeys(Action, Decimal(0))
        verdict = Verdict(decision=None, method="", votes=nobody, weighted_votes=shares)
    return {
        "decision": verdict.decision.value if verdict.decision else None,
        "confidence": float(verdict.weighted_confidence),
        "agreement": float(verdict.agreement),
        "high_consensus": verdict.high_consensus,
        "risk_level": verdict.risk_level.value if verdict.risk_level else None,
        "stop_loss": _money(verdict.stop_loss),
        "take_profit": _money(verdict.take_profit),
        "votes": {action.value: count for action, count in verdict.votes.items()},
        "weighted_votes": {action.value: float(share) for action, share in verdict.weighted_votes.items()},
        "outliers": list(verdict.outliers),
        "largest_orders": {action.value: _money(value) for action, value in verdict.orders.items()},
        "average_confidence": float(verdict.average_confidence),
        "weighted_confidence": float(verdict.weighted_confidence),
        "method": verdict.method,
        "rule": verdict.rule,
        "dissent": [_dissent(one) for one in verdict.dissent],
        "weights": [_weight(used) for used in verdict.weights],
    }


def _dissent(one: Dissent) -> Document:
    return {"member": one.member, "action": one.action.value, "reason": one.reason}


def _weight(used: WeightUsed) -> Document:
    return {
        "member": used.member,
        "configured": float(used.configured),
        "weight": float(used.weight),
        "sample": used.sample,
        "calibrated": None if used.calibrated is None else float(used.calibrated),
    }


def recount_document(record: RunRecord, counted: Verdict) -> Document:
    """Return a run's count by another method beside its own verdict, which is null if it has none."""
    return {
        "run_id": record.run_id,
        "ticker": record.ticker,
        "as_of": record.as_of.isoformat(),
        "threshold": None if counted.threshold is None else float(counted.threshold),
        "recount": _verdict(counted),
        "original": _verdict(record.verdict) if record.verdict else None,
    }


def _follower(record: RunRecord, kind: MemberKind) -> Document | None:
    seat = record.follower(kind)
    match seat.result if seat else None:
        case Ballot() as ballot:
            return _ballot(ballot)
        case Abstention() as abstention:
            return _abstention(abstention)
        case None:
            return None


def _abstention(abstention: Abstention) -> Document:
    return {"member": abstention.member, "reason": abstention.reason}


def _ballot(ballot: Ballot) -> Document:
    return {
        "member": ballot.member,
        "action": ballot.action.value,
        "rating": ballot.rating.value,
        "confidence": float(ballot.confidence),
        "target_weight": None if ballot.target_weight is None else float(ballot.target_weight),
        "reasoning": ballot.reasoning,
        "served_by": str(ballot.served_by) if ballot.served_by else None,
        "written_by": [{"model": one.model, "stages": list(one.stages)} for one in ballot.written_by],
        "from_cache": ballot.from_cache,
        "latency_ms": ballot.latency_ms,
        "cost_usd": _money(ballot.spend.cost_usd),
        "tokens": ballot.spend.tokens,
        "stop_loss": _money(ballot.stop_loss),
        "take_profit": _money(ballot.take_profit),
        "risk_level": ballot.risk_level.value,
        "horizon": ballot.horizon,
        "key_points": list(ballot.key_points),
    }


def _fill(fill: Fill) -> Document:
    return {
        "member": fill.member,
        "ticker": fill.ticker,
        "side": fill.side.value,
        "shares": _money(fill.shares),
        "price": _money(fill.price),
        "amount_usd": _money(fill.amount_usd),
        "fee_usd": _money(fill.fee_usd),
        "session": fill.session.isoformat(),
        "filled_at": fill.filled_at.isoformat(),
        "clamps": [clamp.note for clamp in fill.clamps],
    }


def _order(order: Order) -> Document:
    return {
        "id": order.id,
        "member": order.member,
        "ticker": order.ticker,
        "side": order.side.value,
        "shares": _money(order.shares),
        "reference_price": _money(order.reference_price),
        "state": order.state.value,
        "reason": order.reason,
        "clamps": [clamp.note for clamp in order.clamps],
        "cause": order.cause.value,
        "stop_loss": _money(order.stop_loss),
        "take_profit": _money(order.take_profit),
    }


def findings_document(findings: Sequence[Finding], extent: Extent) -> Document:
    """Return what an audit has found, and how much it has looked at."""
    return {
        "balanced": not findings,
        **extent._asdict(),
        "findings": [
            {**finding.model_dump(mode="json"), "sentence": finding.sentence} for finding in findings
        ],
    }


def _happening(happening: Happening) -> Document:
    """Return what its fields say; a split's ratio is new shares for an old one."""
    amounts = ("amount_usd", "ratio", "shares_before", "shares")
    told = {name: _money(getattr(happening, name)) for name in amounts}
    return happening.model_dump(mode="json") | told | {"at": happening.at.isoformat()}


def chat_document(chat: ModelChat, stage: Stage | None = None) -> Document:
    """Return one member's record of a run, whole or of one stage."""
    return {
        "run_id": chat.run_id,
        "ticker": chat.ticker,
        "as_of": chat.as_of.isoformat(),
        "member": chat.member,
        "stages": [_stage(record) for record in chat.stages if stage in {None, record.stage}],
        "result": chat.result.model_dump(mode="json") if chat.result else None,
        "reflection": _reflection(chat.reflection) if chat.reflection else None,
    }


def _reflection(written: Reflection) -> Document:
    return {
        "text": written.text,
        "return": float(written.return_ratio),
        "alpha": _ratio(written.alpha),
        "settled_at": written.settled_at.isoformat(),
        "written_at": written.written_at.isoformat(),
        "served_by": str(written.served_by) if written.served_by else None,
        "cost_usd": _money(written.spend.cost_usd),
        "tokens": written.spend.tokens,
    }


def _stage(record: StageRecord) -> Document:
    return {
        "stage": record.stage.value,
        "round": record.round,
        "prompt": record.prompt,
        "output": record.output,
        "answer": record.answer,
        "key_points": list(record.key_points),
        "sentiment": record.sentiment,
        "marks": list(record.marks),
        "served_by": str(record.served_by) if record.served_by else None,
        "from_cache": record.from_cache,
        "prompt_tokens": record.spend.prompt_tokens,
        "completion_tokens": record.spend.completion_tokens,
        "cached_tokens": record.spend.cached_tokens,
        "reasoning_tokens": record.spend.reasoning_tokens,
        "cost_usd": _money(record.spend.cost_usd),
        "attempts": record.spend.calls,
        "latency_ms": record.latency_ms,
        "started_at": record.started_at.isoformat(),
        "completed_at": record.completed_at.isoformat(),
    }


def leaderboard_document(board: Leaderboard) -> Document:
    """Return the ranking; what cannot be known is null.

    A figure has its value, in USD as a string and else as a number, and the sample that it is made of.
    """
    return {
        "season": str(board.season),
        "initial_cash_usd": _money(board.initial_cash_usd),
        "marks_from": board.marks_from.isoformat() if board.marks_from else None,
        "marks_to": board.marks_to.isoformat() if board.marks_to else None,
        "caveat": board.caveat,
        "by": board.by.value,
        "period": board.period,
        "net_of_tokens": board.net_of_tokens,
        "first_session": board.first.isoformat() if board.first else None,
        "last_session": board.last.isoformat() if board.last else None,
        "benchmark": board.benchmark or None,
        "benchmark_return": board.benchmark_return,
        "models": board.models,
        "models_median_return": _ratio(board.median_return),
        "committee_beats": board.committee_beats,
        "crowd_beats": board.crowd_beats,
        "standings": [_standing(standing) for standing in board.standings],
    }


def _standing(standing: Standing) -> Document:
    return {
        "rank": standing.rank or None,
        "medal": standing.medal,
        "member": standing.member,
        "kind": standing.kind,
        "value_usd": _money(standing.value_usd),
        "pnl_usd": _money(standing.pnl_usd),
        "return": None if standing.return_ratio is None else float(standing.return_ratio),
        "trades": standing.trades,
        "win_rate": None if standing.win_rate is None else float(standing.win_rate),
        "closed_trades": standing.closed_trades,
        "cash_usd": _money(standing.cash_usd),
        "token_cost_usd": _money(standing.token_cost_usd),
        "unpriced": list(standing.unpriced),
        **asides(standing),
        "rank_before": standing.rank_before,
        "score": _figure(standing.score) if standing.score else None,
        "figures": {metric.value: _figure(figure) for metric, figure in standing.figures.items()},
        "luck": _luck(standing.luck),
    }


def _figure(figure: Figure) -> Document:
    """Return a figure: money as a string, all else as a number."""
    value = _money(figure.value) if isinstance(figure.value, Decimal) else figure.value
    return {"value": value, "sample": figure.sample}


def _luck(luck: Luck | None) -> Document | None:
    if luck is None:
        return None
    return {
        "difference_a_year": luck.difference,
        "low": luck.low,
        "high": luck.high,
        "level": luck.level,
        "sessions": luck.sessions,
        "trades": luck.trades,
        "told_apart": luck.told_apart,
    }


def portfolio_document(statement: Statement) -> Document:
    """Return one member's books."""
    return {
        "season": str(statement.season),
        "member": statement.member,
        "kind": statement.kind,
        "initial_cash_usd": _money(statement.initial_cash_usd),
        "cash_usd": _money(statement.cash_usd),
        "value_usd": _money(statement.value_usd),
        "pnl_usd": _money(statement.pnl_usd),
        "return": None if statement.return_ratio is None else float(statement.return_ratio),
        **asides(statement),
        "positions": [
            {
                "ticker": holding.position.ticker,
                "shares": _money(holding.position.shares),
                "average_cost": _money(holding.position.average_cost),
                "mark": _money(holding.mark.price) if holding.mark else None,
                "marked_at": holding.mark.at.isoformat() if holding.mark else None,
                "value_usd": _money(holding.value_usd),
                "unpriced": holding.unpriced,
                "stop_loss": _money(holding.position.stop_loss),
                "take_profit": _money(holding.position.take_profit),
            }
            for holding in statement.holdings
        ],
        "pending": [_order(order) for order in statement.pending],
        "fills": [_fill(fill) for fill in statement.fills],
        "history": [_happening(happening) for happening in statement.history],
        "caveat": statement.caveat,
    }


def calibration_document(found: Calibration) -> Document:
    """Return one member's record as a judge; a figure below the minimum sample is null beside its sample."""
    weight = found.weight
    return {
        "season": str(found.season),
        "member": found.member,
        "as_of": found.as_of.isoformat(),
        "horizon": found.horizon,
        "settled": found.settled,
        "holds": found.holds,
        "settled_to": found.newest.isoformat() if found.newest else None,
        "brier": _scored(found.brier),
        "ece": _scored(found.ece),
        "hit_rates": {str(horizon): _scored(rate) for horizon, rate in sorted(found.hit_rates.items())},
        "weight": {
            "configured": float(found.configured),
            "learned": float(weight.weight) if weight else None,
            "sample": weight.sample if weight else 0,
            "effective": float(weight.effective) if weight else 0.0,
            "in_use": found.in_use,
        },
        "bins": [
            {
                "low": float(one.low),
                "high": float(one.high),
                "count": one.count,
                "mean_confidence": _ratio(one.mean_confidence),
                "right_fraction": _ratio(one.right_fraction),
                "calibrated": _ratio(one.calibrated),
            }
            for one in found.bins
        ],
        "caveat": found.caveat,
    }


def _scored(figure: Figure) -> Document:
    return {"value": None if figure.value is None else float(figure.value), "sample": figure.sample}


def _ratio(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
