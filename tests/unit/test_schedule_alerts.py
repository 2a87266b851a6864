"""What is told at once: found in what has happened, and always under the same name."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.alert import AlertKind
from core.domain.ballot import Abstention, AbstentionKind, Action, MemberResult
from core.domain.books import OrderCause
from core.domain.run import RunRecord
from core.domain.season import Season
from core.schedule.alerts import budget_alerts, down_alerts, flip_alert, level_alerts
from tests import arena_facts

NOW = datetime(2025, 10, 29, 21, 0, tzinfo=UTC)
BALLOT = arena_facts.RESULTS[0]


def fill(member: str, **more: object) -> object:
    return arena_facts.fill(member, "2", "186.50").model_copy(update=more)


def test_all_holdings_that_one_level_closed_in_a_session_are_one_alert() -> None:
    stop = OrderCause.STOP
    filled = [
        (fill("a"), stop),
        (fill("b", filled_at=NOW + timedelta(minutes=1)), stop),
        (fill("a", id="again"), stop),
        (fill("c"), OrderCause.TAKE_PROFIT),
        (fill("d", ticker="AAPL"), stop),
        (fill("e", session=date(2025, 10, 30)), stop),
        (fill("f"), OrderCause.BALLOT),
        (fill("g"), OrderCause.MARGIN_CALL),
    ]
    found = level_alerts(filled)  # type: ignore[arg-type]  # a copy of a fill is one
    told = {one.key: (one.kind, one.members, one.price) for one in found}
    price = Decimal("186.50")
    assert told == {
        "alert:stop:live:NVDA:2025-10-29": (AlertKind.STOP, ("a", "b"), price),
        "alert:take_profit:live:NVDA:2025-10-29": (AlertKind.TAKE_PROFIT, ("c",), price),
        "alert:stop:live:AAPL:2025-10-29": (AlertKind.STOP, ("d",), price),
        "alert:stop:live:NVDA:2025-10-30": (AlertKind.STOP, ("e",), price),
    }


def test_levels_at_different_prices_name_none() -> None:
    filled = [(fill("a"), OrderCause.STOP), (fill("b", price=Decimal(180)), OrderCause.STOP)]
    (found,) = level_alerts(filled)  # type: ignore[arg-type]  # as above
    assert found.price is None


def verdict(decision: Action | None, **more: object) -> RunRecord:
    changed = arena_facts.VERDICT.model_copy(update={"decision": decision})
    return arena_facts.record(verdict=changed, **more)


@pytest.mark.parametrize("before", [*Action, None])
@pytest.mark.parametrize("after", [*Action, None])
@pytest.mark.parametrize("holders", [(), ("claude-sonnet-4.5",)])
def test_only_another_verdict_on_what_somebody_holds_is_a_flip(
    before: Action | None, after: Action | None, holders: tuple[str, ...]
) -> None:
    found = flip_alert(verdict(before, run_id="run00001"), verdict(after, run_id="run00002"), holders)
    flipped = bool(holders) and before is not None and after is not None and before is not after
    assert (found is not None) == flipped
    if found is not None:
        assert (found.before, found.after, found.members) == (before, after, holders)
        assert (found.key, found.run_id) == ("alert:flip:run00002", "run00002")


@pytest.mark.parametrize(
    "previous",
    [
        None,
        verdict(Action.BUY, ticker="AAPL"),
        verdict(Action.BUY, season=Season.SAMPLE),
        verdict(Action.BUY, as_of=arena_facts.AS_OF + timedelta(days=1)),
    ],
)
def test_a_first_verdict_and_one_about_something_else_flip_nothing(previous: RunRecord | None) -> None:
    assert flip_alert(previous, verdict(Action.SELL), ("a",)) is None


def missed(kind: AbstentionKind) -> Abstention:
    return Abstention(member="grok-4", kind=kind, reason=f"it was {kind}")


def results(*kinds: AbstentionKind | None) -> list[tuple[str, MemberResult]]:
    return [(f"run{place}", missed(kind) if kind else BALLOT) for place, kind in enumerate(kinds)]


T, F, B, N = AbstentionKind.TIMEOUT, AbstentionKind.FAILED, AbstentionKind.BAD_ANSWER, AbstentionKind.NO_DATA
BUDGET = AbstentionKind.BUDGET


@pytest.mark.parametrize(
    ("kinds", "began"),
    [
        ((T, F, B), "run0"),
        ((None, T, F, B), "run1"),
        ((None, T, F, B, T, T), "run1"),
        ((T, T, None, T, T), None),
        ((T, T, T, None), None),
        ((T, T), None),
        ((), None),
        ((N, N, N), None),
        ((BUDGET, BUDGET, BUDGET), None),
        ((None, T, BUDGET, F, N, B), "run1"),
        ((None, BUDGET, T, F, B), "run2"),
    ],
)
def test_a_model_is_down_after_three_failures_in_a_row(
    kinds: tuple[AbstentionKind | None, ...], began: str | None
) -> None:
    found = down_alerts("grok-4", results(*kinds), NOW)
    assert [one.key for one in found] == ([f"alert:model_down:grok-4:{began}"] if began else [])


@pytest.mark.parametrize("begins", range(3))
def test_a_streak_older_than_what_is_looked_at_is_one_alert_wherever_that_begins(begins: int) -> None:
    seen = results(*[T] * 9)[begins:]
    (found,) = down_alerts("grok-4", seen, NOW, before="live")
    assert found.key == "alert:model_down:grok-4:before:live"
    (found,) = down_alerts("grok-4", results(None, T, T, T), NOW, before="live")
    assert found.key == "alert:model_down:grok-4:run1"


@given(st.integers(3, 12))
def test_a_streak_that_goes_on_is_the_same_alert(length: int) -> None:
    (first,) = down_alerts("grok-4", results(None, T, T, T), NOW)
    (later,) = down_alerts("grok-4", results(None, *[T] * length), NOW + timedelta(hours=1))
    assert later.key == first.key
    assert later.reason == "it was timeout"


@pytest.mark.parametrize(
    ("spent", "percent"),
    [("0", None), ("3.99", None), ("4", 80), ("4.99", 80), ("5", 100), ("7", 100)],
)
def test_a_budget_is_told_at_eighty_and_at_a_hundred_percent(spent: str, percent: int | None) -> None:
    found = budget_alerts("today's budget", Decimal(spent), Decimal(5), date(2025, 10, 29), NOW)
    assert [one.percent for one in found] == ([percent] if percent else [])
    for one in found:
        assert one.key == f"alert:budget:today-s-budget:2025-10-29:{percent}"
        assert (one.limit_usd, one.reason) == (Decimal(5), "today's budget")


def test_a_limit_of_nothing_warns_of_nothing() -> None:
    assert budget_alerts("today's budget", Decimal(1), Decimal(0), date(2025, 10, 29), NOW) == ()
