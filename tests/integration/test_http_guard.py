"""Who may ask the HTTP interface, how often, and how much; and what all others are told."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.http import guard
from core.clock import ManualClock
from core.domain.errors import StoreError
from tests.arena import Opening, settings
from tests.arena_double import ArenaDouble
from tests.arena_facts import FINISHED
from tests.http_scene import Caller, Oracle, calling, http_settings

pytest_plugins = ("tests.arena_fixtures",)

TOKEN = "a-token-of-32-signs-for-programs"
OTHER = "another-token-of-a-second-program"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("CONCLAVE_HTTP_TOKEN", TOKEN)
    monkeypatch.setenv("OTHER_PROGRAM", OTHER)
    return {"tokens": [{"name": "trader", "secret": "env:OTHER_PROGRAM"}]}


def double(tmp_path: Any, **http: Any) -> ArenaDouble:
    """An arena in memory: nothing here makes a run."""
    return ArenaDouble(settings(NOWHERE, tmp_path, **http_settings(**http)))


@pytest.fixture
async def local(tmp_path: Any) -> AsyncIterator[Caller]:
    async with calling(double(tmp_path)) as caller:
        yield caller


async def test_this_machine_needs_no_token_where_none_is_configured(local: Caller) -> None:
    assert (await local.gets("/models")).status == 200
    assert (await local.gets("/models", Host="localhost:8080")).status == 200
    assert (await local.gets("/models", Host="[::1]:8080")).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Forwarded_For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"Via": "1.1 proxy"},
        {"Host": "conclave.example.org"},
        {"Host": "127.0.0.1.example.org"},
        {"Authorization": "Bearer guessed"},
    ],
    ids=str,
)
async def test_what_a_proxy_or_a_web_page_sends_on_is_not_this_machine(
    local: Caller, headers: dict[str, str]
) -> None:
    told = await local.gets("/models", **headers)
    assert told.problem[0] == 401
    assert told.headers["WWW-Authenticate"].startswith("Bearer")


async def test_no_token_and_an_open_address_lets_nobody_in(tmp_path: Any) -> None:
    async with calling(double(tmp_path, host="0.0.0.0")) as caller:  # noqa: S104 - the case in question
        for path in ("/models", "/status", "/leaderboard", "/metrics"):
            assert (await caller.gets(path)).problem[0] == 401
        assert (await caller.gets("/healthz")).status == 200


async def test_each_token_is_let_in_and_nothing_like_it(tmp_path: Any, tokens: dict[str, Any]) -> None:
    async with calling(double(tmp_path, **tokens)) as caller:
        assert (await caller.gets("/models")).problem == (
            401,
            "A token is needed: send that of [http] as Authorization: Bearer.",
        )
        for good in (TOKEN, OTHER):
            assert (await caller.gets("/models", Authorization=f"Bearer {good}")).status == 200
            assert (await caller.gets("/models", Authorization=f"bearer  {good} ")).status == 200
        for bad in (
            f"Bearer {TOKEN}x",
            f"Bearer {TOKEN[:-1]}",
            f"Basic {TOKEN}",
            TOKEN,
            "Bearer",
            "Bearer é",
        ):
            told = await caller.gets("/models", Authorization=bad)
            assert told.problem[0] == 401
            assert TOKEN not in told.text


async def test_who_asks_is_named_by_the_token(tmp_path: Any, tokens: dict[str, Any]) -> None:
    oracle = Oracle()
    async with calling(double(tmp_path, **tokens), ask=oracle) as caller:
        caller.token = OTHER
        assert (await caller.posts("/decide", {"symbol": "AAPL"})).status == 200
    (asked,) = oracle.asked
    assert (asked.requested_by, asked.requested_in) == ("http:trader", "http")


async def test_metrics_are_free_on_this_machine_even_with_a_token(
    tmp_path: Any, tokens: dict[str, Any], opening: Opening
) -> None:
    app = await opening(NOWHERE, tmp_path, **http_settings(**tokens))
    async with calling(app) as caller:
        assert (await caller.gets("/metrics")).status == 200
        assert (await caller.gets("/metrics", X_Forwarded_For="203.0.113.9")).problem[0] == 401
        assert (await caller.gets("/metrics", Authorization=f"Bearer {TOKEN}")).status == 200


async def test_a_token_that_asks_too_often_waits_and_others_do_not(
    tmp_path: Any, tokens: dict[str, Any]
) -> None:
    app = double(tmp_path, requests_per_minute=3, **tokens)
    clock = app.clock
    assert isinstance(clock, ManualClock)
    async with calling(app) as caller:
        caller.token = TOKEN
        assert [(await caller.gets("/models")).status for _ in range(4)] == [200, 200, 200, 429]
        told = await caller.gets("/models")
        assert told.problem == (429, "More than 3 requests came in a minute; wait a moment.")
        assert told.headers["Retry-After"] == "20"
        assert (await caller.gets("/models", Authorization=f"Bearer {OTHER}")).status == 200
        assert (await caller.gets("/healthz")).status == 200
        clock.advance(20)
        assert (await caller.gets("/models")).status == 200
        assert (await caller.gets("/models")).status == 429


async def test_who_guesses_tokens_is_slowed_down_and_the_owner_is_not(
    tmp_path: Any, tokens: dict[str, Any]
) -> None:
    async with calling(double(tmp_path, requests_per_minute=5, **tokens)) as caller:
        guesses = [(await caller.gets("/models", Authorization="Bearer no")).status for _ in range(7)]
        assert guesses == [401] * 5 + [429] * 2
        assert (await caller.gets("/models", Authorization=f"Bearer {TOKEN}")).status == 200


def test_only_so_many_askers_are_remembered() -> None:
    paces = guard.Paces(1, ManualClock(FINISHED))
    for number in range(guard.MOST_KNOWN + 50):
        assert paces.wait_s(f"address {number}") == 0.0
    assert len(paces._buckets) == guard.MOST_KNOWN
    assert paces.wait_s(f"address {guard.MOST_KNOWN + 49}") > 0


async def test_a_sane_request_id_is_taken_and_another_replaced(local: Caller) -> None:
    assert (await local.gets("/models", X_Request_Id="trace-1.A_b")).headers["X-Request-Id"] == "trace-1.A_b"
    for insane in ("a b", "x" * 65, "a;b", "é"):
        made = (await local.gets("/models", X_Request_Id=insane)).headers["X-Request-Id"]
        assert made != insane
        assert made.isalnum()
    assert (await local.gets("/nowhere", X_Request_Id="mine")).document["request_id"] == "mine"


async def test_the_log_has_the_id_and_neither_query_nor_token(
    local: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="bot.http"):
        await local.gets("/runs/4f7k2m9q?secret=1", X_Request_Id="trace-7")
    (line,) = [record.getMessage() for record in caplog.records if "trace-7" in record.getMessage()]
    assert line.startswith("http trace-7: GET /runs/{run_id} 200 in")
    assert "secret" not in line


async def test_unknown_paths_and_methods_are_problems(local: Caller) -> None:
    told = await local.gets("/nothing")
    assert told.problem == (404, "There is nothing at this path; GET /openapi.json lists what there is.")
    for method, path, allowed in (("GET", "/decide", "POST"), ("DELETE", "/runs/4f7k2m9q", "GET")):
        told = await local.asks(method, path)
        assert told.problem[0] == 405
        assert told.headers["Allow"] == allowed


async def test_a_body_must_be_json_small_and_readable(local: Caller) -> None:
    body = b'{"symbol": "AAPL"}'
    assert (await local.posts("/decide", body, Content_Type="text/plain")).problem[0] == 415
    assert (await local.posts("/decide", body, Content_Type="application/x-www-form-urlencoded")).problem[
        0
    ] == 415
    large = b'{"symbol": "' + b"A" * guard.LARGEST_BODY + b'"}'
    assert (await local.posts("/decide", large)).problem == (413, "The body may have 64 KiB at most.")
    assert (await local.posts("/decide", b"\x00\x01", Content_Encoding="gzip")).status == 400


async def test_a_small_body_that_unpacks_to_a_large_one_is_refused(local: Caller) -> None:
    import gzip

    bomb = gzip.compress(b'{"symbol": "' + b"A" * 20_000_000 + b'"}')
    assert len(bomb) < guard.LARGEST_BODY
    assert (await local.posts("/decide", bomb, Content_Encoding="gzip")).problem[0] == 413


async def test_a_body_that_drips_is_not_waited_for(local: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_WITHIN_S", 0.05)

    async def drip() -> AsyncIterator[bytes]:
        yield b'{"symbol": '
        await asyncio.sleep(0.5)
        yield b'"AAPL"}'

    headers = {"Content-Type": "application/json"}
    async with local.session.post(f"{local.base}/decide", data=drip(), headers=headers) as answer:
        assert answer.status == 408


async def test_a_bug_is_told_by_its_id_alone(tmp_path: Any, caplog: pytest.LogCaptureFixture) -> None:
    app = double(tmp_path)
    app.busy = ZeroDivisionError("a secret detail")
    async with calling(app) as caller:
        told = await caller.gets("/runs/4f7k2m9q", X_Request_Id="trace-9")
    assert told.problem == (500, "Something went wrong inside; look for trace-9 in the log.")
    assert any("trace-9" in record.getMessage() and record.exc_info for record in caplog.records)


async def test_a_database_that_is_away_is_told_without_its_address(tmp_path: Any) -> None:
    app = double(tmp_path)
    app.busy = StoreError("postgresql://user@db cannot be reached")
    async with calling(app) as caller:
        told = await caller.gets("/runs/4f7k2m9q")
    assert told.problem == (503, "The database cannot be used at the moment; try again.")
    assert told.headers["Retry-After"] == "5"


async def test_a_named_token_that_cannot_be_read_opens_the_door_to_nobody(tmp_path: Any) -> None:
    named = {"tokens": [{"name": "trader", "secret": "env:NOT_SET_ANYWHERE"}]}
    async with calling(double(tmp_path, **named)) as caller:
        assert (await caller.gets("/models")).problem[0] == 401
        assert (await caller.gets("/models", Authorization="Bearer ")).problem[0] == 401


async def test_monitors_may_ask_for_the_head_alone_and_the_log_stays_quiet(
    local: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="bot.http"):
        assert (await local.asks("HEAD", "/healthz")).status == 200
        assert (await local.gets("/healthz")).status == 200
    assert caplog.records == []
