"""`POST /decide`: one question to the model that the routing chooses."""

import asyncio
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from aiohttp import web

from bot.http.guard import body_of, while_there
from bot.http.problems import ASKED_BY, REQUEST_ID, Problem
from bot.http.sending import answered
from bot.http.symbols import ticker_of
from bot.http.wanted import DecideWanted, read_json
from bot.plain_money import plain_money
from core.app.app import App
from core.domain.asking import Asked, AskRequest, Task
from core.domain.ballot import Abstention, Ballot
from core.domain.instrument import parse_ticker

MOST_AT_ONCE = 64


class Decide:
    """Answers questions; more than `MOST_AT_ONCE` at the same time are sent away for a moment.

    Who goes away meanwhile stops the question: nobody else waits for it.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._under_way = 0

    @property
    def under_way(self) -> int:
        """How many questions are being answered."""
        return self._under_way

    async def decide(self, request: web.Request) -> web.StreamResponse:
        """Answer with the decision of one model, or with its abstention."""
        wanted = read_json(DecideWanted, await body_of(request))
        ticker = parse_ticker(ticker_of(wanted.symbol))
        if self._under_way >= MOST_AT_ONCE:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"{MOST_AT_ONCE} questions are being answered; ask again in a moment.",
                headers={"Retry-After": "5"},
            )
        limit_s = self._app.settings.pipeline.run_timeout_s
        self._under_way += 1
        try:
            async with asyncio.timeout(limit_s):
                asked = self._app.ask(_request(wanted, ticker, request[ASKED_BY]))
                answer = await while_there(request, asked)
        except TimeoutError:
            raise Problem(
                HTTPStatus.GATEWAY_TIMEOUT, f"No model has answered within {limit_s:g} seconds."
            ) from None
        finally:
            self._under_way -= 1
        return answered(decide_document(answer, wanted, request[REQUEST_ID]))


def _request(wanted: DecideWanted, ticker: str, asked_by: str) -> AskRequest:
    limits = wanted.risk_limits
    return AskRequest(
        ticker=ticker,
        model_preference=wanted.model_preference,
        task=Task(wanted.task) if wanted.task else None,
        private=wanted.private,
        urgent=wanted.urgent,
        stake_usd=wanted.stake_usd,
        max_position=limits.max_position_pct if limits else None,
        context=wanted.context,
        bot_id=wanted.bot_id,
        requested_by=f"http:{asked_by}",
        requested_in="http",
    )


def decide_document(answer: Asked, wanted: DecideWanted, request_id: str) -> dict[str, Any]:
    """Return an answer; `decision` is null where the model abstained, and `abstained` says why.

    Where a second model disagreed, or the model was not sure enough, the decision is HOLD.
    """
    result, spend = answer.result, answer.spend
    return {
        "id": answer.id,
        "request_id": request_id,
        "bot_id": wanted.bot_id,
        "symbol": wanted.symbol,
        "ticker": answer.ticker,
        "as_of": answer.as_of.isoformat(),
        "asked_at": answer.asked_at.isoformat(),
        **_said(result),
        "model": answer.routed.member or None,
        "served_by": str(answer.served_by) if answer.served_by else None,
        "rule": answer.routed.rule,
        "why": answer.routed.reason,
        "route": list(answer.routed.route),
        "confirmed_by": _confirmed(answer.confirmed_by),
        "disagreed": answer.disagreed,
        "unsure": answer.unsure,
        "cost_usd": plain_money(spend.cost_usd),
        "tokens": spend.tokens,
        "latency_ms": answer.latency_ms,
        "evidence_sha256": answer.evidence_sha256,
        "source": answer.source,
        "caveat": answer.caveat,
    }


def _said(result: Ballot | Abstention) -> dict[str, Any]:
    if isinstance(result, Abstention):
        nothing = ("decision", "confidence", "target_weight", "stop_loss", "take_profit", "risk_level")
        return dict.fromkeys(nothing) | {"reasoning": "", "key_points": [], "abstained": result.reason}
    return {
        "decision": result.action.value,
        "confidence": float(result.confidence),
        "target_weight": _ratio(result.target_weight),
        "stop_loss": plain_money(result.stop_loss),
        "take_profit": plain_money(result.take_profit),
        "risk_level": result.risk_level.value,
        "reasoning": result.reasoning,
        "key_points": list(result.key_points),
        "abstained": None,
    }


def _confirmed(other: Ballot | Abstention | None) -> dict[str, Any] | None:
    if other is None:
        return None
    said = _said(other)
    return {"model": other.member} | {
        name: said[name] for name in ("decision", "confidence", "reasoning", "abstained")
    }


def _ratio(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
