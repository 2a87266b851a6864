"""How subscriptions and their costs are put into words."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.confirming import Confirmation, Deed
from bot.present.subscriptions import cost_words, delete_all_card, next_words
from core.domain.subscribed import Estimate, Listed
from core.domain.subscription import Slot, Subscription, SubscriptionState, Topic, Wanted

NOW = datetime(2025, 11, 26, 15, tzinfo=UTC)


def listed(
    at: datetime | None,
    due_at: datetime | None = None,
    *,
    zone: str = "America/New_York",
    when: str | None = "daily",
    **more: object,
) -> Listed:
    subscription = Subscription.model_validate(
        {
            "number": 3,
            "platform": "slack",
            "chat": "C0TRADING",
            "wanted": Wanted(topic=Topic.DIGEST),
            "created_by": "slack:U0ALICE",
            "created_at": NOW,
            **more,
        }
    )
    slot = None if at is None else Slot(subscription=3, key="k", at=at, due_at=due_at or at)
    return Listed(subscription=subscription, line="digest daily 09:00", when=when, zone=zone, slot=slot)


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (Estimate(models=5, usd_a_day=Decimal("0.4138"), has_run=True), "about $0.41 a day with five models"),
        (Estimate(models=1, usd_a_day=Decimal("12.5")), "about $12.50 a day with one model"),
        (Estimate(models=12, usd_a_day=Decimal("0.0021")), "about $0.0021 a day with twelve models"),
        (
            Estimate(models=0, usd_a_day=Decimal(0)),
            "costs nothing: only rules without a model take part",
        ),
        (
            Estimate(models=5),
            "what it costs is not known yet: no run with this preset has finished",
        ),
        (
            Estimate(models=5, has_run=True),
            "what it costs is not known: the prices of the models are not",
        ),
        (
            Estimate(models=2, usd_a_day=Decimal(0), has_run=True),
            "costs nothing: the two models run on your own machines or are free",
        ),
    ],
)
def test_a_cost_is_told_as_far_as_it_is_known(estimate: Estimate, words: str) -> None:
    assert cost_words(estimate) == words


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("America/New_York", "Fri 28 Nov 16:30 (New York)"),
        ("Europe/London", "Fri 28 Nov 21:30 (London)"),
        ("Asia/Tokyo", "Sat 29 Nov 06:30 (Tokyo)"),
        ("UTC", "Fri 28 Nov 21:30 (UTC)"),
    ],
)
def test_the_next_time_is_told_in_the_zone_of_the_chat(zone: str, words: str) -> None:
    assert next_words(listed(datetime(2025, 11, 28, 21, 30, tzinfo=UTC), zone=zone), NOW) == words


def test_a_time_of_another_year_has_its_year() -> None:
    assert next_words(listed(datetime(2026, 1, 2, 14, tzinfo=UTC)), NOW) == "Fri 2 Jan 2026 09:00 (New York)"


def test_quiet_hours_are_told_with_the_time_that_they_hold_back() -> None:
    at, due = datetime(2025, 11, 29, 4, tzinfo=UTC), datetime(2025, 11, 29, 12, tzinfo=UTC)
    assert next_words(listed(at, due), NOW) == (
        "Sat 29 Nov 07:00 (New York), after the quiet hours; its time is Fri 28 Nov 23:00"
    )


def test_what_does_not_come_by_the_clock_says_why() -> None:
    assert next_words(listed(None, when=None), NOW) == "when it happens"
    assert next_words(listed(None), NOW) == "no time to come"
    assert next_words(listed(None, state=SubscriptionState.PAUSED), NOW) == "paused"
    gone = listed(None, state=SubscriptionState.PAUSED, reason="the chat was closed to me")
    assert next_words(gone, NOW) == "paused: the chat was closed to me"


def test_one_subscription_is_not_called_all() -> None:
    yes = Confirmation(Deed.UNSUBSCRIBE_ALL, "", "0123abcd", "0123abcd", 1, "abc")
    assert delete_all_card(1, "Alice", yes).title == "Delete the 1 subscription of this chat?"
    assert delete_all_card(2, "", yes).footer == "Only who asked can confirm it, within a minute."
