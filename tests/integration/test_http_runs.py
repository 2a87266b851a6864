"""Runs over HTTP: begun once, read while they go on and after, with a real committee over a socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.documents import chat_document, run_document
from bot.http import runs, sending
from core.app.app import App
from core.domain.run import RunState
from tests import arena
from tests.arena import Opening
from tests.http_scene import Caller, Told, calling, http_settings
from tests.loopback.model_server import ModelServer
from tests.postman_scene import until

pytest_plugins = ("tests.arena_fixtures",)

Event = tuple[int, str, Any]


@pytest.fixture
async def app(models: ModelServer, tmp_path: Path, opening: Opening) -> App:
    return await opening(models.base_url, tmp_path, **http_settings())


@pytest.fixture
async def caller(app: App) -> AsyncIterator[Caller]:
    async with calling(app, heartbeat_s=0.05) as one:
        yield one


async def over(app: App, run_id: str) -> None:
    async for _ in app.watch(run_id):
        pass


async def events_of(answer: aiohttp.ClientResponse) -> AsyncIterator[Event | None]:
    """The events of a stream, and None for a heartbeat."""
    block: dict[str, str] = {}
    async for line in answer.content:
        text = line.decode().rstrip("\n")
        if text:
            name, _, value = text.partition(": ")
            block[name] = value
        elif "event" in block:
            yield int(block["id"]), block["event"], json.loads(block["data"])
            block = {}
        else:
            block = {}
            yield None


async def story(caller: Caller, run_id: str, **headers: str) -> list[Event]:
    sent = {"Accept": "text/event-stream"} | {name.replace("_", "-"): text for name, text in headers.items()}
    async with caller.session.get(f"{caller.base}/runs/{run_id}", headers=sent) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/event-stream"
        assert answer.headers["X-Request-Id"]
        return [event async for event in events_of(answer) if event]


def ids(told: Told) -> list[str]:
    return [run["run_id"] for run in told.document["runs"]]


async def test_a_run_is_begun_and_read_as_the_terminal_prints_it(caller: Caller, app: App) -> None:
    told = await caller.posts("/runs", {"tickers": ["AAPL"], "preset": "quick"})
    (run_id,) = ids(told)
    assert told.status == 202
    assert told.headers["Location"] == f"/runs/{run_id}"
    assert told.document["refused"] == []
    await over(app, run_id)
    read = await caller.gets(told.headers["Location"])
    record = await app.run_record(run_id)
    assert read.document == json.loads(json.dumps(run_document(record, app.clock.now())))
    assert (read.document["decision"], read.document["state"]) == ("BUY", "finished")
    assert (record.requested_by, record.requested_in) == ("http:local", "http")


async def test_a_run_that_goes_on_is_told_as_it_stands(caller: Caller, app: App, models: ModelServer) -> None:
    models.latency_s = 0.3
    (run_id,) = ids(await caller.posts("/runs", {"tickers": ["AAPL"], "preset": "quick"}))
    told = (await caller.gets(f"/runs/{run_id}")).document
    assert (told["state"], told["decision"]) == ("running", None)
    await over(app, run_id)


async def test_several_tickers_are_several_runs_and_the_one_that_is_none_is_named(
    caller: Caller, app: App
) -> None:
    body = {"tickers": ["AAPL", "MSFT", "ZZZZ", "aapl"], "preset": "quick", "members": ["claude", "gpt5"]}
    told = await caller.posts("/runs", body)
    assert told.status == 202
    assert [run["ticker"] for run in told.document["runs"]] == ["AAPL", "MSFT"]
    ((refused),) = told.document["refused"]
    assert (refused["ticker"], refused["status"]) == ("ZZZZ", 422)
    for run_id in ids(told):
        await over(app, run_id)
        record = await app.run_record(run_id)
        assert [seat.member for seat in record.voters] == ["claude", "gpt5"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"tickers": ["ZZZZ"]}, 422),
        ({"tickers": ["NOT/A/TICKER"]}, 422),
        ({"tickers": ["AAPL"], "members": ["nobody"]}, 404),
        ({"tickers": ["AAPL"], "as_of": "2024-13-77"}, 422),
        ({"tickers": ["AAPL"], "as_of": "2999-01-01"}, 422),
    ],
    ids=str,
)
async def test_what_cannot_be_run_is_one_sentence(caller: Caller, body: Any, status: int) -> None:
    assert (await caller.posts("/runs", body)).problem[0] == status


async def test_what_costs_more_than_is_to_be_confirmed_begins_only_when_it_is(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    members = [
        {"name": "claude", "route": ["loopback:claude/claude-1"], "price_in_usd_per_mtok": 3},
    ]
    providers = [{"name": "loopback", "base_url": models.base_url, "local": True}]
    app = await opening(
        models.base_url,
        tmp_path,
        members=members,
        providers=providers,
        budget={"confirm_above_usd": "0.001"},
        **http_settings(),
    )
    async with calling(app) as caller:
        body = {"tickers": ["AAPL"], "preset": "quick"}
        asked = await caller.posts("/runs", body)
        assert asked.problem == (
            409,
            '1 model, 1 call, about $0.006: send it again with "confirmed": true to go.',
        )
        assert models.requests == []
        begun = await caller.posts("/runs", body | {"confirmed": True})
        assert begun.status == 202
        await over(app, begun.document["runs"][0]["run_id"])


async def test_the_past_is_asked_about_by_a_date(caller: Caller, app: App) -> None:
    told = await caller.posts("/runs", {"tickers": ["AAPL"], "preset": "quick", "as_of": "2012-06-01"})
    (run_id,) = ids(told)
    await over(app, run_id)
    assert (await caller.gets(f"/runs/{run_id}")).document["as_of"].startswith("2012-06-01T20:00:00")


async def test_the_same_key_is_the_same_run_also_when_it_is_over(caller: Caller, app: App) -> None:
    body = {"tickers": ["AAPL", "MSFT"], "preset": "quick"}
    first, again = await asyncio.gather(
        *(caller.posts("/runs", body, Idempotency_Key="order-17") for _ in range(2))
    )
    assert ids(first) == ids(again)
    for run_id in ids(first):
        await over(app, run_id)
    assert ids(await caller.posts("/runs", body, Idempotency_Key="order-17")) == ids(first)
    other = await caller.posts("/runs", body, Idempotency_Key="order-18")
    assert not set(ids(other)) & set(ids(first))
    for run_id in ids(other):
        await over(app, run_id)


async def test_a_key_is_not_taken_for_another_request(caller: Caller, app: App) -> None:
    begun = await caller.posts("/runs", {"tickers": ["AAPL"], "preset": "quick"}, Idempotency_Key="k")
    await over(app, ids(begun)[0])
    same = {"tickers": ["AAPL"], "preset": "quick"}
    for body in (
        same | {"tickers": ["MSFT"]},
        same | {"preset": "standard"},
        same | {"as_of": "2012-06-01"},
        same | {"members": ["claude"]},
    ):
        told = await caller.posts("/runs", body, Idempotency_Key="k")
        assert told.problem[0] == 422
        assert "Idempotency-Key" in told.problem[1]
    assert (await caller.posts("/runs", body, Idempotency_Key="a b")).problem[0] == 400


async def test_a_key_tells_moments_and_members_apart(caller: Caller, app: App) -> None:
    first = {"tickers": ["AAPL"], "preset": "quick", "as_of": "2012-06-01", "members": ["claude", "qwen"]}
    begun = await caller.posts("/runs", first, Idempotency_Key="k")
    await over(app, ids(begun)[0])
    for changed in ({"as_of": "2012-06-05"}, {"members": ["claude", "gpt5"]}, {"members": ["claude"]}):
        told = await caller.posts("/runs", first | changed, Idempotency_Key="k")
        assert told.problem[0] == 422
    again = await caller.posts("/runs", first | {"members": ["qwen", "claude"]}, Idempotency_Key="k")
    assert ids(again) == ids(begun)


async def test_a_key_means_the_same_run_after_a_restart_too(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    body = {"tickers": ["AAPL"], "preset": "quick"}
    app = await opening(models.base_url, tmp_path, **http_settings())
    async with calling(app) as caller:
        begun = await caller.posts("/runs", body, Idempotency_Key="k")
        await over(app, ids(begun)[0])
    await app.close()
    other = await opening(models.base_url, tmp_path, **http_settings())
    async with calling(other) as caller:
        sent = len(models.requests)
        assert ids(await caller.posts("/runs", body, Idempotency_Key="k")) == ids(begun)
        assert len(models.requests) == sent


async def test_runs_over_http_count_in_quotas_with_a_key_as_without(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    access = {"runs_per_person_daily": 2}
    app = await opening(models.base_url, tmp_path, access=access, **http_settings())
    async with calling(app) as caller:
        for number, ticker in enumerate(["AAPL", "MSFT"]):
            body = {"tickers": [ticker], "preset": "quick"}
            key = {"Idempotency_Key": "once"} if number else {}
            await over(app, ids(await caller.posts("/runs", body, **key))[0])
        for key in ({}, {"Idempotency_Key": "more"}):
            told = await caller.posts("/runs", {"tickers": ["IBM"], "preset": "quick"}, **key)
            assert told.problem[0] == 403
            assert "2 runs of today are used up" in told.problem[1]
        again = await caller.posts("/runs", body, Idempotency_Key="once")
        assert again.status == 202


async def test_progress_is_told_from_the_start_to_the_verdict_to_every_reader(
    caller: Caller, app: App
) -> None:
    (run_id,) = ids(await caller.posts("/runs", {"tickers": ["AAPL"]}))
    one, two = await asyncio.gather(story(caller, run_id), story(caller, run_id))
    assert one == two
    assert [number for number, *_ in one] == list(range(1, len(one) + 1))
    names = [name for _, name, _ in one]
    assert (names[0], names[-1]) == ("started", "verdict")
    assert (names.count("stage"), names.count("member")) == (60, 5)
    assert one[-1][2] == (await caller.gets(f"/runs/{run_id}")).document
    members = {told["member"]: told["action"] for _, name, told in one if name == "member"}
    assert members == {name: arena.OPINIONS[name][0] for name in arena.FIVE}


async def test_a_reader_who_comes_back_gets_what_it_has_not_had(
    caller: Caller, app: App, models: ModelServer
) -> None:
    models.latency_s = 0.05
    (run_id,) = ids(await caller.posts("/runs", {"tickers": ["AAPL"]}))
    headers = {"Accept": "text/event-stream"}
    async with caller.session.get(f"{caller.base}/runs/{run_id}", headers=headers) as answer:
        had = []
        async for event in events_of(answer):
            if event:
                had.append(event)
            if len(had) == 5:
                break
    rest = await story(caller, run_id, Last_Event_ID="5")
    assert rest[0][0] == 6
    assert rest[-1][1] == "verdict"
    assert (await app.run_record(run_id)).state is RunState.FINISHED


async def test_a_run_that_is_over_tells_its_verdict_whatever_was_read_before(
    caller: Caller, app: App
) -> None:
    (run_id,) = ids(await caller.posts("/runs", {"tickers": ["AAPL"], "preset": "quick"}))
    await over(app, run_id)
    assert [name for _, name, _ in await story(caller, run_id)] == ["started", "verdict"]
    ((number, name, _),) = await story(caller, run_id, Last_Event_ID="41")
    assert (number, name) == (42, "verdict")
    for nonsense in ("-1", "x", "9" * 400):
        assert (await story(caller, run_id, Last_Event_ID=nonsense))[-1][1] == "verdict"


async def test_a_quiet_run_shows_that_it_lives(caller: Caller, app: App, models: ModelServer) -> None:
    models.latency_s = 0.4
    (run_id,) = ids(await caller.posts("/runs", {"tickers": ["AAPL"], "preset": "quick"}))
    headers = {"Accept": "text/event-stream"}
    async with caller.session.get(f"{caller.base}/runs/{run_id}", headers=headers) as answer:
        told = [event async for event in events_of(answer)]
    assert told.count(None) >= 2


async def test_a_reader_who_goes_away_leaves_the_run_alone(
    caller: Caller, app: App, models: ModelServer
) -> None:
    models.latency_s = 0.05
    (run_id,) = ids(await caller.posts("/runs", {"tickers": ["AAPL"]}))
    headers = {"Accept": "text/event-stream"}
    async with aiohttp.ClientSession() as session:
        answer = await session.get(f"{caller.base}/runs/{run_id}", headers=headers)
        await anext(events_of(answer))
        answer.close()
    await over(app, run_id)
    assert (await app.run_record(run_id)).state is RunState.FINISHED
    await until(lambda: not caller.api._runs.readers)


async def test_only_so_many_read_along(caller: Caller, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    (run_id,) = ids(await caller.posts("/runs", {"tickers": ["AAPL"], "preset": "quick"}))
    await over(app, run_id)
    monkeypatch.setattr(runs, "MOST_READERS", 0)
    told = await caller.gets(f"/runs/{run_id}", Accept="text/event-stream")
    assert told.problem[0] == 503
    assert (await caller.gets(f"/runs/{run_id}")).status == 200


async def test_who_takes_nothing_is_left_and_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    from aiohttp import web

    from tests.loopback.free_port import on_a_free_port

    monkeypatch.setattr(sending, "SEND_WITHIN_S", 0.2)
    left = asyncio.Event()

    async def pour(request: web.Request) -> web.StreamResponse:
        stream = sending.EventStream(request, "id")
        await stream.begin()
        try:
            for number in range(1, 1000):
                await stream.event(number, "stage", {"text": "x" * 100_000})
        except ConnectionError:
            left.set()
            return stream.left()
        return await stream.end()

    served = web.Application()
    served.router.add_get("/", pour)
    async with on_a_free_port(served) as address:
        port = int(address.rpartition(":")[2])
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(10):
            await left.wait()
        writer.close()


async def test_each_members_reasoning_can_be_read(caller: Caller, app: App) -> None:
    (run_id,) = ids(await caller.posts("/runs", {"tickers": ["AAPL"], "preset": "quick"}))
    await over(app, run_id)
    told = await caller.gets(f"/runs/{run_id}/members/claude")
    assert told.document == json.loads(json.dumps(chat_document(await app.model_chat(run_id, "claude"))))
    assert (await caller.gets(f"/runs/{run_id}/members/nobody")).problem[0] == 404
    assert (await caller.gets(f"/runs/{run_id}/members/%00%F0")).problem[0] == 404


@pytest.mark.parametrize("reference", ["AAPL", "zzzzzzzz", "00000000", "%00", "..%2f", "x" * 300])
async def test_a_run_is_found_by_its_id_alone(caller: Caller, reference: str) -> None:
    for path in (f"/runs/{reference}", f"/runs/{reference}/members/claude"):
        assert (await caller.gets(path)).problem[0] == 404


async def test_only_so_many_runs_begin_at_once(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MOST_BEGINNING", 1)
    told = await caller.posts("/runs", {"tickers": ["AAPL", "MSFT"]})
    assert told.problem[0] == 503
    assert told.headers["Retry-After"] == "5"
