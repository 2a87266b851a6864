"""One call through the real SDK against a loopback endpoint, well-behaved and otherwise."""

from decimal import Decimal
from typing import Any

import pytest

from core.config.providers import Provider
from core.domain.errors import (
    BadAnswer,
)
from core.llm.budget import Budget, BudgetedModel
from core.llm.connections import Connections
from core.llm.prices import Prices
from core.llm.recording import CallForm
from tests.loopback import model_replies as say
from tests.loopback.model_endpoint import ASK, KEY, PRICES, failure_of, model
from tests.loopback.model_server import ModelServer

pytest_plugins = (
    "tests.arena_fixtures",
    "tests.endpoint_fixtures",
)


async def test_an_answer_carries_text_server_usage_and_price(
    models: ModelServer, connections: Connections
) -> None:
    models.say_next("m", say.answers("Buy.", usage={"prompt_tokens": 1000, "completion_tokens": 200}))

    answer = await model(models, connections).ask(ASK)

    assert answer.text == "Buy."
    assert (answer.served_by.provider, answer.served_by.model, answer.served_by.key) == (
        "loopback",
        "m",
        "main",
    )
    assert answer.spend.tokens == 1200
    assert answer.spend.cost_usd == Decimal("0.006")
    assert answer.spend.calls == 1


async def test_the_request_holds_key_messages_limit_and_temperature(
    models: ModelServer, connections: Connections
) -> None:
    await model(models, connections, temperature=0.3).ask(ASK)

    (request,) = models.requests
    assert request.key == KEY
    assert request.messages == [{"role": "user", "content": "Buy or sell?"}]
    assert request.body["max_tokens"] == 500
    assert request.body["temperature"] == 0.3
    assert "response_format" not in request.body


async def test_the_environments_openai_account_is_not_told_to_other_providers(
    models: ModelServer, connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-machine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-the-machine")

    await model(models, connections).ask(ASK)

    assert not [name for name in models.requests[0].headers if name.startswith("openai-")]


async def test_the_model_named_in_the_answer_is_the_one_that_served(
    models: ModelServer, connections: Connections
) -> None:
    models.say_next("m", say.answers("Hm.", model="other/model"), say.answers("Hm.", model=None))

    assert (await model(models, connections).ask(ASK)).served_by.model == "other/model"
    assert (await model(models, connections).ask(ASK)).served_by.model == "m"


@pytest.mark.parametrize(
    ("cost", "booked"),
    [
        (0.0123, Decimal("0.0123")),
        (0, Decimal(0)),
        ("much", Decimal("0.006")),
        (-1, Decimal("0.006")),
        (True, Decimal("0.006")),
        (None, Decimal("0.006")),
    ],
)
async def test_a_cost_that_the_endpoint_states_is_believed_and_nonsense_is_computed(
    models: ModelServer, connections: Connections, cost: Any, booked: Decimal
) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 200, "cost": cost}
    models.say_next("m", say.answers("Buy.", usage=usage))

    assert (await model(models, connections).ask(ASK)).spend.cost_usd == booked


@pytest.mark.parametrize(
    "cached",
    [
        {"prompt_tokens_details": {"cached_tokens": 800}},
        {"prompt_cache_hit_tokens": 800, "prompt_cache_miss_tokens": 200},
        {"cache_read_input_tokens": 800, "prompt_tokens_details": None},
    ],
)
async def test_tokens_that_were_cached_or_thought_are_read_in_every_manner(
    models: ModelServer, connections: Connections, cached: dict[str, Any]
) -> None:
    usage = {
        "prompt_tokens": 1000,
        "completion_tokens": 200,
        "completion_tokens_details": {"reasoning_tokens": 150},
        **cached,
    }
    models.say_next("m", say.answers("Buy.", usage=usage), say.answers("Buy.", usage=usage))
    cheap = PRICES.model_copy(update={"cached_usd_per_mtok": Decimal(0)})

    spend = (await model(models, connections, prices=cheap).ask(ASK)).spend

    assert (spend.prompt_tokens, spend.cached_tokens, spend.reasoning_tokens) == (1000, 800, 150)
    assert spend.cost_usd == PRICES.cost(200, 200)
    assert (await model(models, connections).ask(ASK)).spend.cost_usd == PRICES.cost(1000, 200)


async def test_nonsense_about_cached_tokens_counts_as_none(
    models: ModelServer, connections: Connections
) -> None:
    nonsense = {"prompt_tokens_details": [9], "completion_tokens_details": {"reasoning_tokens": "many"}}
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "cache_read_input_tokens": -4, **nonsense}
    models.say_next("m", say.answers("Buy.", usage=usage))

    spend = (await model(models, connections).ask(ASK)).spend

    assert (spend.cached_tokens, spend.reasoning_tokens) == (0, 0)


async def test_missing_usage_is_billed_by_estimate_where_prices_are_known(
    models: ModelServer, connections: Connections
) -> None:
    models.say_next("m", say.answers("Buy.", usage=None), say.answers("Buy.", usage=None))

    priced = await model(models, connections).ask(ASK)
    unpriced = await model(models, connections, prices=Prices()).ask(ASK)

    assert priced.spend.cost_usd == PRICES.cost(priced.spend.prompt_tokens, priced.spend.completion_tokens)
    assert priced.spend.prompt_tokens >= len("Buy or sell?") // 4
    assert unpriced.spend.cost_usd == 0
    assert unpriced.spend.tokens == 0


@pytest.mark.parametrize("usage", [{}, {"total_tokens": 9}, {"prompt_tokens": 0, "completion_tokens": None}])
async def test_usage_that_tells_nothing_is_billed_as_if_it_were_missing(
    models: ModelServer, connections: Connections, usage: dict[str, Any]
) -> None:
    models.say_next("m", say.answers("Buy.", usage=usage), say.answers("Buy.", usage=None))
    empty, missing = [(await model(models, connections).ask(ASK)).spend for _ in range(2)]
    assert empty == missing
    assert (empty.cost_usd > 0, empty.estimated_calls) == (True, 1)


async def test_an_estimate_of_a_long_answer_is_no_more_than_was_reserved(
    models: ModelServer, connections: Connections
) -> None:
    models.say_next("m", say.answers("Buy. " * 4 * ASK.max_output_tokens, usage=None))
    scope = "run:r1"
    budget = Budget({scope: Decimal(1)}.get)
    budgeted = BudgetedModel(model(models, connections), budget, PRICES, CallForm(scopes=(scope,)))
    assert (await budgeted.ask(ASK)).spend.cost_usd == PRICES.most(ASK)
    assert await budget.spent(scope) == PRICES.most(ASK)


async def test_missing_usage_is_billed_where_the_answer_is_of_no_use_as_well(
    models: ModelServer, connections: Connections
) -> None:
    models.say_next("m", say.answers("Buy because", usage=None, finish_reason="length"))
    failure = await failure_of(model(models, connections))
    assert type(failure) is BadAnswer
    assert failure.spent.prompt_tokens >= len("Buy or sell?") // 4
    assert failure.spent.cost_usd > PRICES.cost(failure.spent.prompt_tokens, 0)


async def test_content_in_parts_is_joined(models: ModelServer, connections: Connections) -> None:
    parts = [{"type": "text", "text": "Bu"}, {"type": "image"}, {"type": "text", "text": "y."}]
    models.say_next("m", say.answers(parts))

    assert (await model(models, connections).ask(ASK)).text == "Buy."


async def test_thoughts_stay_in_the_text(models: ModelServer, connections: Connections) -> None:
    models.say_next("m", say.answers("<think>Hm.</think>Buy."))

    assert (await model(models, connections).ask(ASK)).text == "<think>Hm.</think>Buy."


async def test_all_providers_share_one_http_client(models: ModelServer, connections: Connections) -> None:
    one = connections.client(Provider(name="a", base_url=models.base_url), "main", KEY)
    other = connections.client(Provider(name="b", base_url="http://127.0.0.1:1"), "main", "another-key")

    assert one._client is other._client
    assert one.max_retries == 0
    assert one is connections.client(Provider(name="a", base_url=models.base_url), "main", KEY)
