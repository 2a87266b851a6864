from datetime import date
from decimal import Decimal

import pytest

from core.config.providers import Provider, ProviderKey
from core.config.settings import Budget, SecretRef, Settings
from core.domain.errors import ModelTimeout
from core.llm.port import AnswerSchema, Ask, Message
from core.llm.prices import Prices, prompt_tokens, text_tokens
from core.llm.scopes import chat_scope, day_scope, key_scope, limits_of, run_scope, tier_scope
from core.llm.scripted import ScriptedModel

ASK = Ask(messages=(Message(role="user", content="Buy?"),), max_output_tokens=10)


async def test_a_script_of_replies_is_followed_in_order_and_labelled_simulated() -> None:
    model = ScriptedModel(["Buy", ModelTimeout("late")])

    answer = await model.ask(ASK)

    assert (answer.text, answer.served_by.provider) == ("Buy", "scripted")
    with pytest.raises(ModelTimeout):
        await model.ask(ASK)
    with pytest.raises(RuntimeError, match="no reply for ask 3"):
        await model.ask(ASK)
    assert model.history == [ASK, ASK, ASK]


async def test_a_script_may_be_a_function_plain_or_async() -> None:
    async def later(ask: Ask) -> str:
        return ask.messages[-1].content.upper()

    assert (await ScriptedModel(lambda ask: ask.messages[-1].content).ask(ASK)).text == "Buy?"
    assert (await ScriptedModel(later).ask(ASK)).text == "BUY?"


def test_prices_are_per_million_tokens_and_exact() -> None:
    prices = Prices(in_usd_per_mtok=Decimal("0.15"), out_usd_per_mtok=Decimal("0.60"))

    assert prices.cost(1, 1) == Decimal("0.00000075")
    assert Prices().known is False


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The committee buys because momentum and valuation agree.", 9),
        ("Close 182.34 USD on 2025-10-29, 3.1 % above its 20-day average.", 29),
        ("株価は上昇しています", 10),
        ("", 0),
    ],
)
def test_the_estimate_is_not_below_what_tokenizers_count(text: str, tokens: int) -> None:
    """The counts are those of the common tokenizers that split numbers into groups of three digits."""
    assert text_tokens(text) >= tokens


def test_the_schema_and_each_turn_count_towards_the_prompt() -> None:
    shaped = ASK.model_copy(update={"answer": AnswerSchema(name="x", json_schema={"type": "object"})})

    assert prompt_tokens(shaped) > prompt_tokens(ASK) > text_tokens("Buy?")


def test_each_scope_finds_its_limit() -> None:
    day = date(2026, 11, 21)
    keys = (
        ProviderKey(name="main", secret=SecretRef("env:A"), daily_usd=Decimal(4)),
        ProviderKey(name="spare", secret=SecretRef("env:B")),
    )
    limit_of = limits_of(
        Settings(
            providers=(Provider(name="openrouter", base_url="http://127.0.0.1", keys=keys),),
            budget=Budget(
                daily_usd=Decimal(1),
                per_run_usd=Decimal(2),
                per_chat_daily_usd=Decimal(3),
                tiers={"premium": Decimal(5)},
            ),
        )
    )

    assert limit_of(day_scope(day)) == 1
    assert limit_of(run_scope("4f7k2m9q")) == 2
    assert limit_of(chat_scope("telegram:-100", day)) == 3
    assert limit_of(key_scope("openrouter", "main", day)) == 4
    assert limit_of(tier_scope("premium", day)) == 5
    for unlimited in (key_scope("openrouter", "spare", day), tier_scope("fast", day), "week:1", ""):
        assert limit_of(unlimited) is None
    assert limits_of(Settings())(day_scope(day)) is None
