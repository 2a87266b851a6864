"""What a subscription to verdicts will cost: by past runs, by configured prices, or not known."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.app.estimates import USUAL_TOKENS
from core.clock import ManualClock
from core.config import Settings
from core.config.loading import settings_from
from core.domain.stage import Preset
from core.domain.subscribed import Estimate
from core.domain.subscription import AtCron, AtSession, AtTime, Topic, Wanted, When
from core.domain.usage import Spend
from tests.subscriptions_double import RowsDouble, subscriptions_of

MONDAY = datetime(2025, 6, 2, 12, tzinfo=UTC)
PRICED = {"price_in_usd_per_mtok": 3, "price_out_usd_per_mtok": 15}


def settings(*members: dict[str, object], local: bool = False, **more: object) -> Settings:
    tree = {
        "providers": [{"name": "p", "base_url": "http://127.0.0.1:9/v1", "local": local}],
        "members": [{"route": [f"p:{member['name']}"], **member} for member in members]
        or [{"name": "momentum", "kind": "baseline"}],
        **more,
    }
    return settings_from(tree, {}, name="test")


def cost(usd: str, **more: int) -> Spend:
    return Spend(prompt_tokens=1, cost_usd=Decimal(usd), calls=1, **more)


async def estimate(
    configured: Settings,
    when: When,
    tickers: Sequence[str] = ("AAPL",),
    *,
    costs: dict[str, list[Spend]] | None = None,
    topic: Topic = Topic.VERDICTS,
    preset: Preset | None = None,
) -> Estimate | None:
    rows = RowsDouble()
    rows.costs = costs or {}
    made = await subscriptions_of(rows, configured, ManualClock(MONDAY)).subscribe(
        "slack",
        "C0TRADING",
        None,
        person="slack:U0ALICE",
        wanted=Wanted(topic=topic, when=when, tickers=tuple(tickers), preset=preset),
    )
    return made.estimate


NINE = datetime(2025, 1, 1, 9).time()  # noqa: DTZ001 - a time of the wall clock
DAILY, WEEKLY = AtTime(days=(1, 2, 3, 4, 5, 6, 7), at=NINE), AtTime(days=(2,), at=NINE)


async def test_it_is_the_mean_of_the_last_runs_times_tickers_times_slots_a_day() -> None:
    found = await estimate(
        settings({"name": "a"}, {"name": "b"}),
        WEEKLY,
        ("AAPL", "MSFT", "IBM"),
        costs={"a": [cost("0.10"), cost("0.30")], "b": [cost("0.05")], "gone": [cost("9")]},
    )
    assert found is not None
    assert found.usd_a_day == pytest.approx(Decimal("0.25") * 3 / 7, rel=Decimal("0.0001"))
    assert (found.models, found.has_run) == (2, True)


async def test_each_ticker_counts_on_the_days_on_which_its_exchange_trades() -> None:
    costs = {"a": [cost("1")]}
    crypto = await estimate(settings({"name": "a"}), DAILY, ("BTC-USD",), costs=costs)
    stock = await estimate(settings({"name": "a"}), DAILY, ("AAPL",), costs=costs)
    assert crypto is not None
    assert stock is not None
    assert crypto.usd_a_day == pytest.approx(Decimal(1))
    # Four weeks of five days, but for Juneteenth.
    assert stock.usd_a_day == pytest.approx(Decimal(19) / 28)


async def test_the_watchlist_counts_as_it_is() -> None:
    configured = settings({"name": "a"}, arena={"watchlist": ["BTC-USD", "ETH-USD"]})
    found = await estimate(configured, DAILY, (), costs={"a": [cost("1")]})
    assert found is not None
    assert found.usd_a_day == pytest.approx(Decimal(2))


async def test_a_time_every_minute_is_counted_without_looking_at_all_of_them() -> None:
    found = await estimate(
        settings({"name": "a"}), AtCron(expression="* * * * *"), ("BTC-USD",), costs={"a": [cost("1")]}
    )
    assert found is not None
    assert found.usd_a_day == pytest.approx(Decimal(1440), rel=Decimal("0.01"))


@pytest.mark.parametrize("preset", Preset)
async def test_a_model_that_never_ran_is_taken_by_its_price_and_the_usual_tokens(preset: Preset) -> None:
    found = await estimate(settings({"name": "a", **PRICED}), DAILY, ("BTC-USD",), preset=preset)
    prompt, completion = USUAL_TOKENS[preset]
    assert found == Estimate(
        models=1, usd_a_day=Decimal(3 * prompt + 15 * completion) / 1_000_000, has_run=False
    )


async def test_one_model_of_unknown_price_makes_the_whole_unknown() -> None:
    found = await estimate(settings({"name": "a", **PRICED}, {"name": "b"}), DAILY)
    assert found == Estimate(models=2, usd_a_day=None, has_run=False)


async def test_runs_whose_price_nobody_knows_do_not_count_as_free() -> None:
    unpriced = {"a": [cost("0", unpriced_calls=1)]}
    assert await estimate(settings({"name": "a"}), DAILY, costs=unpriced) == Estimate(
        models=1, usd_a_day=None, has_run=True
    )


async def test_a_model_that_was_not_asked_in_a_run_does_not_make_it_cheap() -> None:
    costs = {"a": [cost("1"), Spend()]}
    found = await estimate(settings({"name": "a"}), DAILY, ("BTC-USD",), costs=costs)
    assert found is not None
    assert found.usd_a_day == pytest.approx(Decimal(1))


async def test_models_on_this_machine_and_rules_cost_nothing() -> None:
    assert await estimate(settings({"name": "a"}, local=True), DAILY) == Estimate(
        models=1, usd_a_day=Decimal(0), has_run=False
    )
    assert await estimate(settings(), DAILY) == Estimate(models=0, usd_a_day=Decimal(0))


async def test_a_model_that_is_off_costs_nothing() -> None:
    found = await estimate(settings({"name": "a", "enabled": False}, {"name": "b", **PRICED}), DAILY)
    assert found is not None
    assert found.models == 1


async def test_what_runs_no_committee_has_no_estimate() -> None:
    close = AtSession(edge="close", minutes=15)
    assert await estimate(settings({"name": "a"}), close, (), topic=Topic.DIGEST) is None
