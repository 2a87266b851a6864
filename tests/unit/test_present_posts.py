"""Reviews, summaries, alerts and notes: sentences by rules, that say what happened and nothing wrong."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.present.alerts import alert_card
from bot.present.lateness import missing_note, schedule_note
from bot.present.review import review_card
from bot.present.summary import verdicts_card
from core.domain.alert import Alert, AlertKind
from core.domain.ballot import Action
from core.domain.digest import Judged, Manner, RankChange, Review, SettledCall
from core.domain.run import RunState
from core.domain.season import Season
from core.domain.subscription import Slot, Topic
from tests import arena_facts
from tests.posted_facts import ALERTS, REVIEW, ZONE
from tests.posted_strategies import (
    ACTIONS,
    FRACTIONS,
    KINDS,
    MOMENTS,
    PRICES,
    RATIOS,
    RUNS,
    SEASONS,
    TICKERS,
    WORDS,
    check_story,
    many,
)

REVIEWS = st.builds(
    Review,
    season=SEASONS,
    since=MOMENTS,
    until=MOMENTS,
    judged=many(
        st.builds(
            Judged,
            member=WORDS,
            kind=KINDS,
            season=st.sampled_from([one.season for one in REVIEW.judged]),
            lately=st.none() | st.sampled_from([one.season for one in REVIEW.judged]),
            manner=st.none() | st.sampled_from(list(Manner)),
        )
    ),
    ranks=many(
        st.builds(
            RankChange,
            member=WORDS,
            kind=KINDS,
            rank=st.integers(0, 9),
            rank_before=st.none() | st.integers(0, 9),
            value_usd=st.none() | PRICES,
            change_ratio=st.none() | RATIOS,
        ),
        20,
    ),
    **{
        name: many(
            st.builds(
                SettledCall,
                run_id=RUNS,
                member=WORDS,
                kind=KINDS,
                ticker=TICKERS,
                action=ACTIONS,
                confidence=FRACTIONS,
                horizon=st.sampled_from([1, 5, 20]),
                earned=RATIOS,
            )
        )
        for name in ("best", "worst", "followers")
    },
    settled=st.integers(0, 40),
    minimum=st.integers(1, 40),
    caveat=st.none() | st.just("Sample prices."),
)


@settings(max_examples=200)
@given(REVIEWS)
def test_whatever_was_settled_the_review_is_a_whole_text(review: Review) -> None:
    card = review_card(review, ZONE)
    check_story(card.story)
    assert len(card.judges) == len(review.judged)
    assert all("None" not in line for judge in card.judges for line in (judge.verdict, *judge.figures))


ALERTED = st.builds(
    Alert,
    key=st.just("alert:x"),
    kind=st.sampled_from(list(AlertKind)),
    at=MOMENTS,
    season=st.none() | SEASONS,
    members=many(WORDS),
    ticker=st.none() | TICKERS,
    run_id=st.none() | RUNS,
    price=st.none() | PRICES,
    before=st.none() | ACTIONS,
    after=st.none() | ACTIONS,
    percent=st.sampled_from([None, 80, 100]),
    limit_usd=st.none() | PRICES,
    reason=st.none() | WORDS,
    subject=st.none() | WORDS,
    happened=st.sampled_from([None, "refused", "no_credit", "down", "back"]),
    since=st.none() | MOMENTS,
)


@settings(max_examples=200)
@given(ALERTED)
def test_an_alert_is_one_or_two_whole_sentences(alert: Alert) -> None:
    card = alert_card(alert, ZONE)
    check_story(card.text)
    assert card.headline.strip()
    assert "None" not in card.headline
    assert (card.caveat is not None) == (alert.season == Season.SAMPLE)


@pytest.mark.parametrize(
    ("alert", "text"),
    list(
        zip(
            ALERTS,
            (
                "NVDA reached the stops of claude-sonnet-4.5 and gpt-5, "
                "and their holdings were closed at $186.50.",
                "NVDA reached the take-profit of gpt-5, and its holding was closed at $236.00.",
                "The committee's verdict on NVDA turned from BUY to SELL. It is held by gpt-5 and committee.",
                "No ballot came from grok-4 in its last runs; the others go on without it. "
                "The newest reason: no answer within 120 s at the stage research.",
                "80 % of today's budget of $5.00 is spent.",
                "Today's budget of $5.00 is spent; no model is asked until it is renewed.",
            ),
            strict=True,
        )
    ),
    ids=lambda value: value.key if isinstance(value, Alert) else "",
)
def test_each_alert_says_what_happened(alert: Alert, text: str) -> None:
    assert alert_card(alert, ZONE).text == text


DUE = datetime(2025, 10, 29, 20, 30, tzinfo=UTC)


def slot(**more: object) -> Slot:
    return Slot.model_validate({"subscription": 1, "key": "k", "at": DUE, "due_at": DUE, **more})


@pytest.mark.parametrize(
    ("changes", "minutes", "note"),
    [
        ({}, 0, None),
        ({}, 95, None),
        (
            {"late": True},
            95,
            "Due at 16:30, delivered at 18:05.",
        ),
        (
            {"late": True, "missed": 2},
            95,
            "Due at 16:30, delivered at 18:05. Two earlier ones were missed.",
        ),
        ({"missed": 1}, 0, "One earlier one was missed."),
        (
            {"late": True},
            600,
            "Due on 2025-10-29 at 16:30, delivered at 02:30.",
        ),
        (
            {"at": DUE - timedelta(hours=2)},
            0,
            "Meant for 14:30, held back by quiet hours.",
        ),
    ],
)
def test_a_post_says_when_it_is_late_and_what_was_missed(
    changes: dict[str, object], minutes: int, note: str | None
) -> None:
    assert schedule_note(slot(**changes), DUE + timedelta(minutes=minutes), ZONE) == note


def test_the_note_goes_by_the_zone_of_the_chat() -> None:
    found = schedule_note(slot(late=True), DUE + timedelta(minutes=5), ZoneInfo("Europe/London"))
    assert found == "Due at 20:30, delivered at 20:35."


@pytest.mark.parametrize("topic", Topic)
def test_of_what_may_be_missing_a_note_says_when_it_was_due_and_what_shows_it(topic: Topic) -> None:
    words = {
        Topic.VERDICTS: ("verdicts", "them", "/why with a ticker shows its verdict"),
        Topic.LEADERBOARD: ("leaderboard", "it", "/leaderboard shows it"),
        Topic.DIGEST: ("digest", "it", "/digest shows it"),
        Topic.REVIEW: ("weekly review", "it", "/models with a model's name shows how far to trust it"),
        Topic.COSTS: ("report of costs", "it", "/costs in a private chat with me shows them"),
        Topic.ALERTS: ("alert", "it", "/digest tells what has happened, and /health how the service is"),
    }
    what, them, see = words[topic]
    assert missing_note(topic, slot(), DUE + timedelta(minutes=5), ZONE).text == (
        f"Conclave was interrupted while it posted the {what} due at 16:30. "
        f"If you do not find {them} above, {see}."
    )
    later = missing_note(topic, slot(), DUE + timedelta(days=1), ZONE).text
    assert f"posted the {what} due on 2025-10-29 at 16:30." in later


def test_a_summary_says_of_each_ticker_how_it_was_decided() -> None:
    record = arena_facts.record()
    failed = arena_facts.record(
        run_id="6j9w4x5z", ticker="TSLA", state=RunState.FAILED, reason="no prices", verdict=None, orders=()
    )
    card = verdicts_card("Verdicts", (record, failed), (("SAP.DE", "Xetra is closed today."),), ZONE)
    nvda, tsla, sap = card.lines
    assert (nvda.action, nvda.headline) == (Action.BUY, "BUY")
    assert nvda.detail == "75 % agree · 71 % confident · at $207.04 · cost $0.079"
    assert nvda.votes == "3 BUY, 1 HOLD · against: gemini-2.5-pro (HOLD) · 1 abstained"
    assert (tsla.headline, tsla.detail) == ("failed", "no prices")
    assert (sap.headline, sap.detail) == ("skipped", "Xetra is closed today.")
    assert card.footer == "$0.16 · 122,468 tokens · 7.3 s · Paper trading, not advice."


def test_a_summary_of_nothing_but_skipped_tickers_is_one_all_the_same() -> None:
    card = verdicts_card("Verdicts", (), (("NVDA", "The budget is spent."),), ZONE, note="Late.")
    assert (card.subtitle, card.footer, card.buttons) == ("Nothing was run", "Paper trading, not advice.", ())
    assert card.note == "Late."
