"""`POST /decide`: what is asked, what is answered, and what is refused before any model hears of it."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.http import decide
from core.domain.asking import Asked, AskRequest, Task
from core.domain.errors import BadAnswer, BudgetExceeded, NotFound
from tests.arena import settings
from tests.arena_double import ArenaDouble
from tests.http_scene import SHA, Caller, Oracle, calling, http_settings
from tests.postman_scene import until

SEED = {
    "context": {"price": 45000, "volume": 1000000},
    "bot_id": "momentum_bot",
    "symbol": "BTCUSDT",
    "risk_limits": {"max_position_pct": 0.02},
}


@pytest.fixture
def oracle() -> Oracle:
    return Oracle()


@pytest.fixture
async def caller(tmp_path: Path, oracle: Oracle) -> AsyncIterator[Caller]:
    app = ArenaDouble(settings("http://127.0.0.1:9", tmp_path, **http_settings(requests_per_minute=1000)))
    async with calling(app, ask=oracle) as one:
        yield one


async def test_a_trading_bot_is_told_what_who_why_and_for_how_much(caller: Caller, oracle: Oracle) -> None:
    told = await caller.posts("/decide", SEED, X_Request_Id="r-1")
    assert told.status == 200
    assert told.document == {
        "id": "a1b2c3d4",
        "request_id": "r-1",
        "bot_id": "momentum_bot",
        "symbol": "BTCUSDT",
        "ticker": "BTC-USD",
        "as_of": "2026-01-05T15:00:00+00:00",
        "asked_at": "2026-01-05T15:00:00+00:00",
        "decision": "BUY",
        "confidence": 0.8,
        "target_weight": 0.02,
        "stop_loss": "44000.00",
        "take_profit": None,
        "risk_level": "medium",
        "reasoning": "The trend holds.",
        "key_points": ["momentum"],
        "abstained": None,
        "model": "qwen",
        "served_by": "loopback:qwen/qwen-1",
        "rule": "high_volatility",
        "why": "Volatility is high, so the quantitative specialist answers.",
        "route": ["loopback:qwen/qwen-1"],
        "confirmed_by": None,
        "disagreed": False,
        "unsure": False,
        "cost_usd": "0.00123",
        "tokens": 1000,
        "latency_ms": 420,
        "evidence_sha256": SHA,
        "source": "sample",
        "caveat": None,
    }
    (asked,) = oracle.asked
    assert asked == AskRequest(
        ticker="BTC-USD",
        max_position=Decimal("0.02"),
        context={"price": Decimal(45000), "volume": Decimal(1000000)},
        bot_id="momentum_bot",
        requested_by="http:local",
        requested_in="http",
    )


async def test_everything_else_that_may_be_said_is_passed_on(caller: Caller, oracle: Oracle) -> None:
    body = {
        "symbol": "NVDA",
        "context": {"has_position": True, "sentiment": "bullish", "volatility": 0.82},
        "model_preference": "qwen",
        "task": "complex",
        "private": True,
        "urgent": True,
        "stake_usd": 12000.5,
    }
    assert (await caller.posts("/decide", body)).status == 200
    (asked,) = oracle.asked
    assert (asked.ticker, asked.model_preference, asked.task) == ("NVDA", "qwen", Task.COMPLEX)
    assert (asked.private, asked.urgent, asked.stake_usd) == (True, True, Decimal("12000.5"))
    assert asked.context == {
        "has_position": True, "sentiment": "bullish", "volatility": Decimal("0.82"),
    }  # fmt: skip


async def test_an_abstention_is_no_decision(caller: Caller, oracle: Oracle) -> None:
    oracle.abstains = True
    told = (await caller.posts("/decide", SEED)).document
    assert (told["decision"], told["confidence"]) == (None, None)
    assert told["abstained"] == "no answer in time"


@pytest.mark.parametrize(
    ("symbol", "ticker"),
    [
        ("BTCUSDT", "BTC-USD"),
        ("ethusdc", "ETH-USD"),
        ("SOL/USDT", "SOL-USD"),
        ("BTC-USDT", "BTC-USD"),
        ("BTC_USD", "BTC-USD"),
        ("ETHUSD", "ETH-USD"),
        ("1INCHUSDT", "1INCH-USD"),
        ("BTC-USD", "BTC-USD"),
        ("NVDA", "NVDA"),
        ("BRK-B", "BRK-B"),
        ("$aapl", "AAPL"),
    ],
)
async def test_pairs_of_exchanges_are_understood(
    caller: Caller, oracle: Oracle, symbol: str, ticker: str
) -> None:
    assert (await caller.posts("/decide", {"symbol": symbol})).document["ticker"] == ticker
    assert oracle.asked[0].ticker == ticker


def deep(levels: int) -> bytes:
    return b'{"symbol": "AAPL", "context": ' + b'{"a": ' * levels + b"1" + b"}" * levels + b"}"


MANY = [b'"a%d": 1' % number for number in range(65)]
HOSTILE: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "null": (b"null", 422),
    "a list": (b"[]", 422),
    "half": (b'{"symbol": "AAPL"', 400),
    "not utf-8": (b'{"symbol": "\xff\xfe"}', 400),
    "a surrogate": (b'{"symbol": "AAPL", "bot_id": "\\ud800"}', 400),
    "no symbol": (b"{}", 422),
    "symbol null": (b'{"symbol": null}', 422),
    "symbol a number": (b'{"symbol": 5}', 422),
    "symbol empty": (b'{"symbol": ""}', 422),
    "symbol with a line": (b'{"symbol": "AAPL\\nMSFT"}', 422),
    "symbol with a zero": (b'{"symbol": "AA\\u0000PL"}', 422),
    "symbol of signs": (b'{"symbol": "\\u202eAAPL"}', 422),
    "symbol too long": (b'{"symbol": "' + b"A" * 500 + b'"}', 422),
    "an unknown field": (b'{"symbol": "AAPL", "stop": 1}', 422),
    "context null": (b'{"symbol": "AAPL", "context": null}', 422),
    "context with null": (b'{"symbol": "AAPL", "context": {"price": null}}', 422),
    "context with a list": (b'{"symbol": "AAPL", "context": {"price": [1]}}', 422),
    "NaN": (b'{"symbol": "AAPL", "context": {"price": NaN}}', 400),
    "Infinity": (b'{"symbol": "AAPL", "context": {"price": -Infinity}}', 400),
    "1e999": (b'{"symbol": "AAPL", "context": {"price": 1e999}}', 400),
    "1e300": (b'{"symbol": "AAPL", "context": {"price": 1e300}}', 422),
    "huge": (b'{"symbol": "AAPL", "context": {"price": ' + b"9" * 4000 + b"}}", 422),
    "huger": (b'{"symbol": "AAPL", "context": {"price": ' + b"9" * 40000 + b"}}", 400),
    "a long text": (b'{"symbol": "AAPL", "context": {"news": "' + b"x" * 501 + b'"}}', 422),
    "many": (
        b'{"symbol": "AAPL", "context": {' + b", ".join(MANY) + b"}}",
        422,
    ),
    "a strange name": (b'{"symbol": "AAPL", "context": {"<b>": 1}}', 422),
    "deep": (deep(10), 422),
    "deeper": (deep(100), 400),
    "deepest": (deep(8000), 400),
    "position 2": (b'{"symbol": "AAPL", "risk_limits": {"max_position_pct": 2}}', 422),
    "position -1": (b'{"symbol": "AAPL", "risk_limits": {"max_position_pct": -0.1}}', 422),
    "position true": (b'{"symbol": "AAPL", "risk_limits": {"max_position_pct": true}}', 422),
    "position a text": (b'{"symbol": "AAPL", "risk_limits": {"max_position_pct": "0.1"}}', 422),
    "no limits": (b'{"symbol": "AAPL", "risk_limits": {}}', 422),
    "stake below zero": (b'{"symbol": "AAPL", "stake_usd": -1}', 422),
    "urgent a text": (b'{"symbol": "AAPL", "urgent": "yes"}', 422),
    "no such task": (b'{"symbol": "AAPL", "task": "hard"}', 422),
    "a preference with spaces": (b'{"symbol": "AAPL", "model_preference": "a b"}', 422),
}


@pytest.mark.parametrize("case", HOSTILE)
async def test_what_is_wrong_is_refused_with_one_sentence(caller: Caller, oracle: Oracle, case: str) -> None:
    body, status = HOSTILE[case]
    told = await caller.posts("/decide", body)
    assert told.problem[0] == status
    assert len(told.problem[1]) < 200
    assert oracle.asked == []


async def test_the_sentence_names_the_place(caller: Caller) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "symbol is missing."),
        ({"symbol": "A", "x": 1}, "x is not known here."),
        ({"symbol": "A", "context": {"p": None}}, "context.p must be a number, a text, true or false."),
        (
            {"symbol": "A", "risk_limits": {"max_position_pct": 2}},
            "risk_limits.max_position_pct should be less than or equal to 1.",
        ),
    ]
    for body, sentence in cases:
        assert (await caller.posts("/decide", body)).problem == (422, sentence)


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (NotFound("No model is called “x”. Choose one of: a, b."), 404),
        (BudgetExceeded("for the day", Decimal(5)), 402),
        (BadAnswer("the model answered junk."), 502),
    ],
    ids=["unknown model", "no budget", "junk"],
)
async def test_what_goes_wrong_behind_is_told_in_its_words(
    caller: Caller, oracle: Oracle, failure: Exception, status: int
) -> None:
    oracle.failure = failure
    told = await caller.posts("/decide", SEED)
    assert told.status == status
    assert told.document["detail"] == str(failure)


async def test_who_goes_away_stops_the_question(tmp_path: Path) -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()

    async def ask(request: AskRequest) -> Asked:
        begun.set()
        try:
            await asyncio.sleep(20)
        except asyncio.CancelledError:
            stopped.set()
            raise
        raise AssertionError

    app = ArenaDouble(settings("http://127.0.0.1:9", tmp_path, **http_settings()))
    async with calling(app, ask=ask) as caller:
        asking = asyncio.create_task(caller.posts("/decide", SEED))
        await begun.wait()
        asking.cancel()
        async with asyncio.timeout(5):
            await stopped.wait()
        await until(lambda: not caller.api._decide.under_way)


async def test_too_many_questions_at_once_are_sent_away(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decide, "MOST_AT_ONCE", 0)
    told = await caller.posts("/decide", SEED)
    assert told.problem[0] == 503
    assert told.headers["Retry-After"] == "5"


async def test_a_question_ends_with_the_time_of_a_run(tmp_path: Path) -> None:
    async def ask(request: AskRequest) -> Asked:
        await asyncio.sleep(20)
        raise AssertionError

    quick = settings("http://127.0.0.1:9", tmp_path, pipeline={"run_timeout_s": 0.1}, **http_settings())
    async with calling(ArenaDouble(quick), ask=ask) as caller:
        told = await caller.posts("/decide", SEED)
    assert told.problem == (504, "No model has answered within 0.1 seconds.")
