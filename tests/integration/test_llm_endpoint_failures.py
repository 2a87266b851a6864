"""Refusals, junk, lateness and broken connections of an endpoint: each the failure that says how to react."""

import asyncio
import logging
import traceback
from decimal import Decimal

import pytest

from core.clock import ManualClock
from core.config.providers import Provider
from core.domain.errors import (
    AuthenticationFailed,
    BadAnswer,
    BadModelRequest,
    JunkAnswer,
    ModelFailure,
    ModelForbidden,
    ModelRateLimited,
    ModelServerFailed,
    ModelTimeout,
    OutOfCredit,
)
from core.llm.connections import Connections
from core.llm.endpoint import EndpointModel
from tests.loopback import model_replies as say
from tests.loopback.model_endpoint import ASK, KEY, NOON, PRICES, failure_of, forgetful_dialects, model
from tests.loopback.model_server import ModelServer
from tests.loopback.patience import PATIENCE_S

pytest_plugins = (
    "tests.arena_fixtures",
    "tests.endpoint_fixtures",
)


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (say.refused(401), AuthenticationFailed),
        (say.refused(403), ModelForbidden),
        (say.refused(403, "Your input was flagged by moderation"), BadModelRequest),
        (say.out_of_credit(), OutOfCredit),
        (say.refused(429, "quota", code="insufficient_quota"), OutOfCredit),
        (say.rate_limited(), ModelRateLimited),
        (say.refused(408), ModelTimeout),
        (say.refused(400), BadModelRequest),
        (say.refused(404), BadModelRequest),
        (say.refused(409), BadModelRequest),
        (say.refused(413), BadModelRequest),
        (say.refused(422), BadModelRequest),
        (say.server_error(500), ModelServerFailed),
        (say.server_error(503), ModelServerFailed),
        (say.server_error(529), ModelServerFailed),
        (say.error_inside(code=429), ModelRateLimited),
        (say.error_inside(code=502), ModelServerFailed),
        (say.error_inside(code=402), OutOfCredit),
        (say.error_inside(code="overloaded"), JunkAnswer),
        (say.error_inside(), JunkAnswer),
    ],
)
async def test_each_refusal_is_the_failure_that_says_how_to_react(
    models: ModelServer, connections: Connections, behaviour: say.Behaviour, kind: type[ModelFailure]
) -> None:
    models.say_next("m", behaviour)

    failure = await failure_of(model(models, connections))

    assert type(failure) is kind
    assert failure.spent.calls == 1
    assert failure.reason.startswith("loopback:m ")
    assert len(models.requests) == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("Fri, 20 Nov 2026 12:00:30 GMT", 30.0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("inf", None),
        (None, None),
    ],
)
async def test_retry_after_is_read_as_seconds_or_as_a_date(
    models: ModelServer, connections: Connections, value: str | None, seconds: float | None
) -> None:
    models.say_next("m", say.rate_limited(value))

    failure = await failure_of(model(models, connections))

    assert isinstance(failure, ModelRateLimited)
    assert failure.retry_after_s == seconds


@pytest.mark.parametrize(
    "behaviour",
    [
        say.junk(),
        say.junk("", "application/json"),
        say.junk("{", "application/json"),
        say.junk('"text"', "application/json"),
        say.junk("[]", "application/json"),
        say.junk("null", "application/json"),
        say.junk('{"choices": null}', "application/json"),
        say.junk('{"choices": []}', "application/json"),
        say.junk('{"choices": [null]}', "application/json"),
        say.junk('{"choices": [{"message": null}]}', "application/json"),
        say.junk('{"usage": {"cost": 1e99999999999999999999}}', "application/json"),
    ],
)
async def test_junk_is_told_from_what_a_model_has_written(
    models: ModelServer, connections: Connections, behaviour: say.Behaviour
) -> None:
    models.say_next("m", behaviour)

    failure = await failure_of(model(models, connections))

    assert type(failure) is JunkAnswer
    assert failure.spent.calls == 1


@pytest.mark.parametrize(
    "behaviour",
    [
        say.junk('{"choices": [{"message": {"content": 7}}], "usage": [1]}', "application/json"),
        say.answers(""),
        say.answers(" \n "),
        say.answers(None),
        say.answers([]),
        say.answers("", message={"reasoning_content": "Let me think"}),
    ],
)
async def test_an_empty_answer_is_a_bad_answer(
    models: ModelServer, connections: Connections, behaviour: say.Behaviour
) -> None:
    models.say_next("m", behaviour)

    failure = await failure_of(model(models, connections))

    assert type(failure) is BadAnswer
    assert failure.spent.calls == 1


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (say.answers("Buy", finish_reason="length"), "cut off after 500 tokens"),
        (say.answers("Buy", finish_reason="content_filter"), "content filter"),
        (say.answers("Buy", finish_reason="error"), "broke off"),
        (say.answers(None, message={"refusal": "I cannot\nadvise."}), "refused to answer: I cannot advise."),
    ],
)
async def test_an_incomplete_answer_says_why_and_what_it_cost(
    models: ModelServer, connections: Connections, behaviour: say.Behaviour, words: str
) -> None:
    models.say_next("m", behaviour)

    failure = await failure_of(model(models, connections))

    assert type(failure) is BadAnswer
    assert words in failure.reason
    assert failure.spent.tokens > 0
    assert failure.spent.cost_usd > 0


async def test_an_error_inside_a_200_is_billed_by_its_usage(
    models: ModelServer, connections: Connections
) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 0}
    models.say_next(
        "m", say.junk({"error": {"message": "x", "code": 502}, "usage": usage}, "application/json")
    )

    assert (await failure_of(model(models, connections))).spent.cost_usd == Decimal("0.003")


@pytest.mark.parametrize("behaviour", [say.hangs(), say.drips()])
async def test_a_late_answer_is_a_timeout_and_its_request_is_closed(
    models: ModelServer, connections: Connections, behaviour: say.Behaviour
) -> None:
    models.say_next("m", behaviour)

    failure = await failure_of(model(models, connections, timeout_s=0.2))

    assert type(failure) is ModelTimeout
    assert failure.reason == "loopback:m did not answer within 0.2 s"
    spent = failure.spent  # it may be billed all the same
    assert (spent.calls, spent.estimated_calls, spent.unpriced_calls) == (1, 1, 0)
    assert spent.completion_tokens == 20  # what is written in 0.2 s
    assert spent.cost_usd == PRICES.cost(spent.prompt_tokens, 20) > 0
    await asyncio.wait_for(models.until_closed_early(), PATIENCE_S)


async def test_a_refused_connection_is_no_timeout(models: ModelServer, connections: Connections) -> None:
    failure = await failure_of(model(models, connections, base_url="http://127.0.0.1:1/v1"))

    assert type(failure) is ModelServerFailed
    assert "could not be reached" in failure.reason


async def test_a_connection_that_breaks_off_is_a_server_failure(connections: Connections) -> None:
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        writer.close()

    async def talk_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        writer.close()

    for behave in (break_off, talk_nonsense):
        async with await asyncio.start_server(behave, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            provider = Provider(name="loopback", base_url=f"http://127.0.0.1:{port}/v1", timeout_s=5)
            endpoint = EndpointModel(
                connections.client(provider, f"main-{port}", KEY),
                provider_name="loopback",
                model_id="m",
                key_name="main",
                timeout_s=5,
                temperature=None,
                prices=PRICES,
                clock=ManualClock(NOON),
                dialects=forgetful_dialects(),
                base_url=provider.base_url,
            )
            assert type(await failure_of(endpoint)) is ModelServerFailed


async def test_a_cancelled_ask_closes_its_request(models: ModelServer, connections: Connections) -> None:
    models.say_next("m", say.hangs())
    asking = asyncio.create_task(model(models, connections).ask(ASK))
    await asyncio.wait_for(models.until_asked(), PATIENCE_S)

    asking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asking
    await asyncio.wait_for(models.until_closed_early(), PATIENCE_S)


async def test_a_callers_deadline_is_not_taken_for_the_models(
    models: ModelServer, connections: Connections
) -> None:
    models.say_next("m", say.hangs())

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await model(models, connections).ask(ASK)


async def test_a_key_that_the_endpoint_echoes_is_in_no_text_and_no_trace(
    models: ModelServer, connections: Connections, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint = model(models, connections)
    models.say_next(
        "m",
        say.echoes_key(),
        lambda request: say.Reply({"error": {"message": f"bad {request.key}"}}, 500),
        say.error_inside(f"key {KEY}"),
        say.answers("", message={"refusal": KEY}),
        say.answers("Hm.", model=KEY),
    )

    for _ in range(4):
        failure = await failure_of(endpoint)
        shown = "".join(traceback.format_exception(failure)) + repr(failure) + repr(failure.__dict__)
        assert KEY not in shown
        assert failure.__context__ is None
        assert failure.reason.isprintable()
    answer = await endpoint.ask(ASK)

    assert KEY not in repr(answer)
    assert KEY not in repr(endpoint)
    assert KEY not in caplog.text


async def test_a_long_complaint_is_cut_to_one_short_line(
    models: ModelServer, connections: Connections
) -> None:
    models.say_next("m", say.refused(500, "first\nsecond\x00\u202e " + "x" * 5000))

    failure = await failure_of(model(models, connections))

    assert len(failure.reason) < 320
    assert failure.reason.isprintable()
    assert "first second" in failure.reason
