from datetime import UTC, date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from core.config.members import MemberSettings
from core.config.providers import Provider, ProviderKey, ProviderModel
from core.config.secret import SecretRef
from core.config.settings import Budget, Settings
from core.domain.errors import ModelTimeout
from core.llm.port import AnswerSchema, Ask, Message
from core.llm.prices import Prices, prices_of, prompt_tokens, text_tokens
from core.llm.scopes import (
    chat_scope,
    counts_of,
    day_scope,
    in_words,
    key_scope,
    limits_of,
    person_scope,
    run_scope,
    season_scope,
    tier_scope,
    tokens_scope,
)
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


def test_cached_tokens_have_their_own_price_where_it_is_known() -> None:
    prices = Prices(in_usd_per_mtok=Decimal(3), out_usd_per_mtok=Decimal(15))
    cached = prices.model_copy(update={"cached_usd_per_mtok": Decimal("0.3")})

    assert prices.cost(1_000_000, 0, 900_000) == 3
    assert cached.cost(1_000_000, 0, 900_000) == Decimal("0.57")
    assert cached.cost(1_000, 0, 900_000) == Decimal("0.0003")


def test_what_is_reserved_takes_nothing_of_a_prompt_to_be_cached_unless_that_is_dearer() -> None:
    prices = Prices(in_usd_per_mtok=Decimal(3), out_usd_per_mtok=Decimal(15))

    assert prices.model_copy(update={"cached_usd_per_mtok": Decimal(0)}).most(ASK) == prices.most(ASK)
    assert prices.model_copy(update={"cached_usd_per_mtok": Decimal(6)}).most(ASK) > prices.most(ASK)


def test_a_providers_price_of_a_model_goes_before_that_of_the_member() -> None:
    member = MemberSettings(
        name="a", route=("p:m",), price_in_usd_per_mtok=Decimal(5), price_out_usd_per_mtok=Decimal(6)
    )
    known = ProviderModel(id="m", price_in_usd_per_mtok=Decimal(0), price_cached_usd_per_mtok=Decimal(1))
    provider = Provider(name="p", base_url="http://127.0.0.1", models=(known,))

    assert prices_of(member, provider, "m") == Prices(
        in_usd_per_mtok=Decimal(0), out_usd_per_mtok=Decimal(6), cached_usd_per_mtok=Decimal(1)
    )
    assert prices_of(member, provider, "other").in_usd_per_mtok == 5


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
        ProviderKey(name="main", secret=SecretRef("env:A"), daily_usd=Decimal(4), daily_tokens=6),
        ProviderKey(name="spare", secret=SecretRef("env:B")),
    )
    limit_of = limits_of(
        Settings(
            providers=(Provider(name="openrouter", base_url="http://127.0.0.1", keys=keys),),
            budget=Budget(
                daily_usd=Decimal(1),
                per_run_usd=Decimal(2),
                per_chat_daily_usd=Decimal(3),
                per_person_daily_usd=Decimal(7),
                tiers={"premium": Decimal(5)},
            ),
        )
    )

    assert limit_of(day_scope(day)) == 1
    assert limit_of(run_scope("4f7k2m9q")) == 2
    assert limit_of(chat_scope("telegram:-100", day)) == 3
    assert limit_of(key_scope("openrouter", "main", day)) == 4
    assert limit_of(tier_scope("premium", day)) == 5
    assert limit_of(tokens_scope("openrouter", "main", day)) == 6
    assert limit_of(person_scope("slack:U1", day)) == 7
    assert limit_of(person_scope("terminal", day)) is None
    for unlimited in (key_scope("openrouter", "spare", day), tier_scope("fast", day), "week:1", ""):
        assert limit_of(unlimited) is None
    assert limits_of(Settings())(day_scope(day)) is None


def test_a_scope_can_be_said_in_words_and_tells_which_calls_count() -> None:
    day, zone = date(2026, 11, 1), ZoneInfo("America/New_York")
    said = {
        run_scope("r"): "for this run",
        season_scope("spring"): "of this replay",
        day_scope(day): "for the day",
        chat_scope("telegram:-100", day): "of this chat for the day",
        person_scope("slack:U1", day): "of this person for the day",
        tier_scope("fast", day): "of the tier fast for the day",
        key_scope("openrouter", "main", day): "of the key main for the day",
        tokens_scope("openrouter", "main", day): "of the key main for the day",
    }
    assert {scope: in_words(scope) for scope in said} == said

    counts = counts_of(chat_scope("telegram:-100", day), zone)
    assert counts is not None
    assert counts.chat == "telegram:-100"
    # Clocks go back on this day: in New York it has 25 hours.
    assert counts.since is not None and counts.until is not None
    assert counts.until.astimezone(UTC) - counts.since.astimezone(UTC) == timedelta(hours=25)
    assert counts_of("week:1", zone) is None
