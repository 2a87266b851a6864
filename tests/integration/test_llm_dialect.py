"""What an endpoint refuses of a request's form is given up, and remembered."""

from collections.abc import AsyncIterator

import pytest

from core.clock import ManualClock
from core.llm.connections import Connections
from core.llm.dialect import KNOWN_FOR
from core.llm.states import KeptInMemory
from tests.keys_scene import EVENING, MEMBER, Build, key
from tests.loopback import model_replies as say
from tests.loopback.model_endpoint import ASK, SHAPED, Opinion, failure_of, forgetful_dialects, model
from tests.loopback.model_server import ModelServer

pytest_plugins = ("tests.arena_fixtures", "tests.keys_fixtures")


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as running:
        yield running


@pytest.fixture
async def connections() -> AsyncIterator[Connections]:
    opened = Connections()
    yield opened
    await opened.close()


async def test_a_schema_is_asked_for_as_strict_response_format(
    server: ModelServer, connections: Connections
) -> None:
    answer = await model(server, connections).ask(SHAPED)

    asked = server.requests[0].body["response_format"]
    assert asked["type"] == "json_schema"
    assert asked["json_schema"]["strict"] is True
    assert asked["json_schema"]["name"] == "Opinion"
    assert Opinion.model_validate_json(answer.text).action


async def test_refused_formats_are_given_up_one_by_one_and_remembered(
    server: ModelServer, connections: Connections
) -> None:
    server.always("m", say.refuses_forms("json_schema", "json_object"))
    dialects = forgetful_dialects()

    first = await model(server, connections, dialects=dialects).ask(SHAPED)
    second = await model(server, connections, dialects=dialects).ask(SHAPED)

    assert [request.form for request in server.requests] == ["json_schema", "json_object", "text", "text"]
    assert (first.spend.calls, second.spend.calls) == (3, 1)
    for request in server.requests[1:]:
        assert SHAPED.answer is not None
        assert SHAPED.answer.text in request.messages[-1]["content"]
    assert Opinion.model_validate_json(second.text).action


async def test_a_llama_cpp_whose_chat_template_no_grammar_fits_is_asked_in_words(
    server: ModelServer, connections: Connections
) -> None:
    def llama_cpp(request: say.ModelRequest) -> say.Reply:
        refused = (
            '{"error":{"code":400,"message":"Failed to initialize samplers: std::exception",'
            '"type":"invalid_request_error"}}'
        )
        return say.Reply(refused, 400) if request.form != "text" else say.filled()(request)

    server.always("m", llama_cpp)

    answer = await model(server, connections).ask(SHAPED)

    assert [request.form for request in server.requests] == ["json_schema", "json_object", "text"]
    assert Opinion.model_validate_json(answer.text).action


async def test_a_format_refused_by_one_model_is_kept_for_another(
    server: ModelServer, connections: Connections
) -> None:
    server.always("m", say.refuses_forms("json_schema"))
    dialects = forgetful_dialects()

    await model(server, connections, dialects=dialects).ask(SHAPED)
    await model(server, connections, dialects=dialects, model_id="n").ask(SHAPED)

    assert [request.form for request in server.asked("n")] == ["json_schema"]


async def test_a_complaint_that_merely_echoes_the_request_changes_nothing(
    server: ModelServer, connections: Connections
) -> None:
    detail = [{"loc": ["body", "messages"], "msg": "too long", "input": {"response_format": "json_schema"}}]
    server.always("m", lambda _: say.Reply({"detail": detail}, 422))

    failure = await failure_of(model(server, connections), SHAPED)

    assert failure.reason == "loopback:m refused the request (422): too long"
    assert len(server.requests) == 1


async def test_a_prompt_longer_than_llama_cpp_reads_is_said_so_and_asked_once(
    server: ModelServer, connections: Connections
) -> None:
    refused = (
        '{"error":{"code":400,"message":"request (12028 tokens) exceeds the available context '
        'size (4096 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":12028,'
        '"n_ctx":4096}}'
    )
    server.always("m", lambda _: say.Reply(refused, 400))

    failure = await failure_of(model(server, connections), SHAPED)

    assert "request (12028 tokens) exceeds the available context size (4096 tokens)" in failure.reason
    assert len(server.requests) == 1


async def test_the_newer_name_of_the_limit_is_learned(server: ModelServer, connections: Connections) -> None:
    server.always("m", say.refuses_field("max_tokens", "max_completion_tokens"))
    dialects = forgetful_dialects()

    await model(server, connections, dialects=dialects).ask(SHAPED)
    await model(server, connections, dialects=dialects).ask(SHAPED)

    assert ["max_completion_tokens" in request.body for request in server.requests] == [False, True, True]
    assert server.requests[-1].form == "json_schema"


async def test_a_temperature_that_is_not_supported_is_left_out(
    server: ModelServer, connections: Connections
) -> None:
    server.always("m", say.refuses_field("temperature"))

    await model(server, connections, temperature=0.5).ask(ASK)

    assert ["temperature" in request.body for request in server.requests] == [True, False]


async def test_what_one_process_has_learned_the_next_one_knows(
    gateway_of: Build, models: ModelServer
) -> None:
    """After a restart, or in another process on the same database, no request is refused again."""
    models.always("claude-x", say.refuses_forms("json_schema"))
    states, clock = KeptInMemory(), ManualClock(EVENING)
    first = gateway_of(key("one"), states=states, clock=clock)
    await first.model_for(MEMBER).ask(SHAPED)
    await first.notes.written()
    models.requests.clear()

    await gateway_of(key("one"), states=states, clock=clock).model_for(MEMBER).ask(SHAPED)
    assert [request.form for request in models.requests] == ["json_object"]

    models.requests.clear()
    clock.advance(KNOWN_FOR.total_seconds())
    await gateway_of(key("one"), states=states, clock=clock).model_for(MEMBER).ask(SHAPED)
    assert [request.form for request in models.requests] == ["json_schema", "json_object"]


async def test_what_was_learned_at_one_address_says_nothing_of_another(
    server: ModelServer, connections: Connections
) -> None:
    server.always("m", say.refuses_forms("json_schema"))
    states = KeptInMemory()
    for _ in range(2):
        dialects = forgetful_dialects(states)
        await dialects._notes.refresh()
        await model(server, connections, dialects=dialects).ask(SHAPED)
        await dialects._notes.written()
    elsewhere = server.base_url.replace("127.0.0.1", "localhost")
    await model(server, connections, dialects=dialects, base_url=elsewhere).ask(SHAPED)
    forms = [request.form for request in server.requests]
    assert forms == ["json_schema", "json_object", "json_object", "json_schema", "json_object"]
