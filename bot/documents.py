"""What `--json` prints: facts as documents for people's scripts. Names and forms here must not drift.

Money is a decimal string, ratios are numbers from 0 to 1, times are ISO 8601 with their offset.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from bot.plain_money import plain_money as _money
from core.domain.ballot import Action, Ballot
from core.domain.books import Fill, Happening, Leaderboard, Order, Standing, Statement
from core.domain.run import RunRecord
from core.domain.stage import ModelChat, Stage, StageRecord
from core.domain.verdict import Dissent, Verdict, WeightUsed

Document = dict[str, Any]


def run_document(record: RunRecord, now: datetime) -> Document:
    """Return one run; `decision` is null when there is no verdict."""
    verdict = record.verdict
    return {
        "run_id": record.run_id,
        "ticker": record.ticker,
        "as_of": record.as_of.isoformat(),
        "evidence_sha256": record.evidence_sha256,
        **_verdict(verdict),
        "abstentions": [{"member": a.member, "reason": a.reason} for a in record.abstentions],
        "ballots": [_ballot(ballot) for ballot in record.ballots],
        "fills": [_fill(fill) for fill in record.fills],
        "total_cost_usd": _money(record.cost_usd),
        "total_tokens": record.tokens,
        "latency_ms": record.latency_ms(now),
        "state": record.state.value,
        "preset": record.preset.value,
        "season": str(record.season),
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


def _ballot(ballot: Ballot) -> Document:
    return {
        "member": ballot.member,
        "action": ballot.action.value,
        "rating": ballot.rating.value,
        "confidence": float(ballot.confidence),
        "target_weight": None if ballot.target_weight is None else float(ballot.target_weight),
        "reasoning": ballot.reasoning,
        "served_by": str(ballot.served_by) if ballot.served_by else None,
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
        "served_by": str(record.served_by) if record.served_by else None,
        "prompt_tokens": record.spend.prompt_tokens,
        "completion_tokens": record.spend.completion_tokens,
        "cost_usd": _money(record.spend.cost_usd),
        "attempts": record.spend.calls,
        "latency_ms": record.latency_ms,
        "started_at": record.started_at.isoformat(),
        "completed_at": record.completed_at.isoformat(),
    }


def leaderboard_document(board: Leaderboard) -> Document:
    """Return the ranking; what cannot be known is null."""
    return {
        "season": str(board.season),
        "initial_cash_usd": _money(board.initial_cash_usd),
        "marks_from": board.marks_from.isoformat() if board.marks_from else None,
        "marks_to": board.marks_to.isoformat() if board.marks_to else None,
        "caveat": board.caveat,
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
