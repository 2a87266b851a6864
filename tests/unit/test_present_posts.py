"""Stories, alerts and notes: sentences by rules, that a person enjoys and that say nothing wrong."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.present.alerts import alert_card
from bot.present.digest import digest_card
from bot.present.digest_story import story
from bot.present.lateness import missing_note, schedule_note
from bot.present.prose import Voice, counted, listed, quoted, sentence
from bot.present.review import review_card
from bot.present.summary import verdicts_card
from core.domain.actions import ActionKind, CorporateAction
from core.domain.alert import Alert, AlertKind
from core.domain.ballot import AbstentionKind, Action
from core.domain.books import OrderCause, Side
from core.domain.digest import (
    Digest,
    Disagreement,
    Earning,
    Judged,
    Manner,
    Move,
    RankChange,
    Review,
    SettledCall,
    Trade,
    VerdictSoFar,
)
from core.domain.ids import ALPHABET
from core.domain.member import MemberKind
from core.domain.run import RunState
from core.domain.season import Season
from core.domain.subscription import Slot, Topic
from core.domain.usage import Spend
from core.domain.verdict import Dissent
from tests import arena_facts, posted_facts
from tests.posted_facts import ALERTS, DIGEST, QUIET, REVIEW, SINCE, UNTIL, ZONE


def told(**changes: object) -> str:
    return story(DIGEST.model_copy(update=changes), ZONE)


def days(digest: Digest) -> set[str]:
    """The story as it would be told on forty different days."""
    return {
        story(digest.model_copy(update={"until": UNTIL + timedelta(days=day)}), ZONE) for day in range(40)
    }


def test_the_story_is_the_same_whenever_it_is_asked_for_and_another_one_on_another_day() -> None:
    assert story(DIGEST, ZONE) == story(DIGEST, ZONE)
    assert len(days(DIGEST)) > 4
    assert len(days(QUIET)) == 3


def test_a_day_without_anything_says_so_in_one_sentence() -> None:
    for text in days(QUIET):
        assert text.count(".") == 1


@pytest.mark.parametrize(
    ("ratio", "says"),
    [
        ("0.012", "it has earned 1.20 % so far."),
        ("-0.012", "it has lost 1.20 % so far."),
        ("0", "the price has not moved since."),
        (None, "no newer price tells yet what it is worth."),
    ],
)
def test_one_verdict_is_told_with_what_it_earned(ratio: str | None, says: str) -> None:
    one = posted_facts.verdict("NVDA", Action.BUY, "0.75", "100", None, ratio)
    text = told(verdicts=(one,))
    assert "BUY on NVDA" in text
    assert "75 % agreement" in text
    assert says in text


@pytest.mark.parametrize(
    ("ratios", "says"),
    [
        (("0.02", "0.01"), "Both with a direction are ahead so far: best is BUY on T0 (+2.00 %)"),
        (("0.02", "-0.01"), "One of two with a direction is ahead so far"),
        (("-0.02", "-0.01"), "Not one of two with a direction is ahead so far: best is BUY on T1"),
        (("0.01", "0.01"), "each at +1.00 %"),
        ((None, None), "No newer price tells yet what they are worth."),
        ((None, "0.03"), "BUY on T1 (+3.00 %) is the only one with a direction and a newer price."),
    ],
)
def test_several_verdicts_are_told_with_the_best_and_the_worst(
    ratios: tuple[str | None, ...], says: str
) -> None:
    verdicts = tuple(
        posted_facts.verdict(f"T{place}", Action.BUY, "0.75", "100", None, ratio)
        for place, ratio in enumerate(ratios)
    )
    text = told(verdicts=verdicts)
    assert says in text
    assert "both BUY" in text


def test_nobody_traded_is_said_and_what_waits() -> None:
    assert re.search(r"(Nobody traded|No trade was made), and one order waits", told(trades=()))
    assert re.search(r"(Nobody traded|No trade was made)\.", told(trades=(), waiting=()))
    (one, *_) = DIGEST.trades
    assert "One trade: claude-sonnet-4.5 bought 12.065817 NVDA for $2,439.10." in told(
        trades=(one,), waiting=()
    )
    assert "two trades, all by claude-sonnet-4.5," in told(trades=(one, one), waiting=())


def test_models_that_did_the_same_share_a_place() -> None:
    same = posted_facts.earning("a", MemberKind.LLM, "10010.00", "10.00", "0.001")
    both = (same, same.model_copy(update={"member": "b"}))
    assert "oth models did the same: each gained $10.00 (+0.10 %)" in told(earnings=both)
    lowest = posted_facts.earning("c", MemberKind.LLM, "9990.00", "-10.00", "-0.001")
    assert "a and b did best (+$10.00, +0.10 %) and c worst (−$10.00, −0.10 %)" in told(
        earnings=(*both, lowest)
    )


def test_a_portfolio_that_cannot_be_valued_is_said_to_be_so() -> None:
    unknown = Earning(member="committee", kind=MemberKind.COMMITTEE)
    assert "The committee's portfolio cannot be valued, for a holding has no price." in told(
        earnings=(unknown,)
    )


@pytest.mark.parametrize(
    ("movers", "says"),
    [
        (("0.02", "-0.01"), r"T0 rose 2.00 % to \$10.00 (and|while) T1 fell 1.00 % to \$10.00\."),
        (("0.02", "0.01"), r"Both prices rose, T0 most with \+2.00 % (and|while) T1 least with \+1.00 %\."),
        (("-0.01", "-0.02"), r"Both prices fell, T1 most with −2.00 % (and|while) T0 least with −1.00 %\."),
        (("-0.01",), r"The price of T0 fell 1.00 % to \$10.00\."),
    ],
)
def test_the_largest_moves_are_told(movers: tuple[str, ...], says: str) -> None:
    moved = tuple(
        Move(ticker=f"T{place}", price=Decimal(10), ratio=Decimal(ratio))
        for place, ratio in enumerate(movers)
    )
    assert re.search(says, told(movers=moved, disagreement=None))


def test_numbers_and_nouns_agree() -> None:
    assert [counted(count, "trade") for count in (0, 1, 2, 12, 13, 1234)] == [
        "no trades",
        "one trade",
        "two trades",
        "twelve trades",
        "13 trades",
        "1,234 trades",
    ]
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(list("abcdefg")) == "a, b, c and four others"
    assert listed(list("abcde"), most=5) == "a, b, c, d and e"
    assert sentence("  it  is ") == "It is."
    assert sentence("is it?") == "Is it?"
    assert quoted("“A\nlong reason.” ") == "“A long reason”"
    assert len(quoted("x" * 999)) == 162
    assert {Voice(str(day)).pick("a", "x", "y") for day in range(20)} == {"x", "y"}


WORDS = st.text(st.sampled_from("abcdefgxyz-.0129 @_<&*“”日"), min_size=1, max_size=24).filter(str.strip)
TICKERS = st.from_regex(r"[A-Z]{1,5}(-USD|\.DE)?", fullmatch=True)
PRICES = st.decimals("0.000001", 1_000_000, places=6)
SHARES = st.decimals("0.000001", 1_000_000, places=6)
RATIOS = st.decimals(-1, 50, places=4)
FRACTIONS = st.decimals(0, 1, places=4)
CHANGES = st.decimals(-100_000, 100_000, places=2)
RUNS = st.text(ALPHABET, min_size=8, max_size=8)
ACTIONS = st.sampled_from(list(Action))
KINDS = st.sampled_from(list(MemberKind))
SEASONS = st.sampled_from([Season.LIVE, Season.SAMPLE, Season("replay-2024")])
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is given beside it


def many(one: st.SearchStrategy[object], most: int = 6) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(one, max_size=most).map(tuple)


DIGESTS = st.builds(
    Digest,
    season=SEASONS,
    since=MOMENTS,
    until=MOMENTS,
    verdicts=many(
        st.builds(
            VerdictSoFar,
            run_id=RUNS,
            ticker=TICKERS,
            at=MOMENTS,
            decision=ACTIONS,
            agreement=FRACTIONS,
            confidence=FRACTIONS,
            price_then=st.none() | PRICES,
            price_now=st.none() | PRICES,
            return_ratio=st.none() | RATIOS,
        ),
        12,
    ),
    earnings=many(
        st.builds(
            Earning,
            member=WORDS,
            kind=KINDS,
            value_usd=st.none() | PRICES,
            change_usd=st.none() | CHANGES,
            change_ratio=st.none() | RATIOS,
        )
    ),
    disagreement=st.none()
    | st.builds(
        Disagreement,
        run_id=RUNS,
        ticker=TICKERS,
        decision=ACTIONS,
        agreement=FRACTIONS,
        supporters=many(WORDS),
        against=st.lists(st.tuples(WORDS, ACTIONS), min_size=1, max_size=6).map(tuple),
        strongest=st.none() | st.builds(Dissent, member=WORDS, action=ACTIONS, reason=WORDS | st.just("")),
    ),
    trades=many(
        st.builds(
            Trade,
            member=WORDS,
            ticker=TICKERS,
            side=st.sampled_from(list(Side)),
            shares=SHARES,
            price=PRICES,
            amount_usd=PRICES,
            cause=st.sampled_from(list(OrderCause)),
            at=MOMENTS,
        ),
        9,
    ),
    waiting=st.sampled_from([(), (posted_facts.WAITING,), (posted_facts.WAITING,) * 7]),
    movers=many(st.builds(Move, ticker=TICKERS, price=PRICES, ratio=RATIOS)),
    actions=many(
        st.builds(
            CorporateAction,
            ticker=TICKERS,
            kind=st.sampled_from(list(ActionKind)),
            ex_date=st.dates(),
            value=PRICES,
            source=st.just("csv"),
        )
    ),
    spend=st.builds(
        Spend,
        prompt_tokens=st.integers(0, 10**7),
        cost_usd=st.decimals(0, 1000, places=6),
        unpriced_calls=st.integers(0, 3),
    ),
    runs=st.integers(0, 20),
    broken=st.integers(0, 3),
    undecided=st.integers(0, 3),
    abstentions=many(st.tuples(st.sampled_from(list(AbstentionKind)), st.integers(1, 30))),
    caveat=st.none() | st.just("Sample prices."),
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


def check_story(text: str) -> None:
    assert text.strip()
    assert "None" not in text
    assert "  " not in text
    assert text == text.strip()
    assert text.endswith((".", "!", "?", "…", "”"))


@settings(max_examples=300)
@given(DIGESTS)
def test_whatever_happened_the_digest_is_a_whole_text(digest: Digest) -> None:
    card = digest_card(digest, ZONE)
    check_story(card.story)
    assert card.caveat == digest.caveat
    for section in card.sections:
        assert all(line.strip() and "None" not in line for line in section.lines)
    shown = {section.title: len(section.lines) + section.more for section in card.sections}
    assert shown.get("Trades", 0) == len(digest.trades)
    assert shown.get("Waiting orders", 0) == len(digest.waiting)
    assert len(card.verdicts) + card.verdicts_more == len(digest.verdicts)
    for line, one in zip(card.verdicts, digest.verdicts, strict=False):
        assert line.good is None or one.earned is None or line.good == (one.earned > 0)


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
    assert nvda.detail == "75 % agree · 71 % confident · $207.04 · $0.079"
    assert nvda.votes == "3 BUY, 1 HOLD · against: gemini-2.5-pro (HOLD) · 1 abstained"
    assert (tsla.headline, tsla.detail) == ("failed", "no prices")
    assert (sap.headline, sap.detail) == ("skipped", "Xetra is closed today.")
    assert card.footer == "$0.16 · 122,468 tokens · 7.3 s · Paper trading, not advice."


def test_a_summary_of_nothing_but_skipped_tickers_is_one_all_the_same() -> None:
    card = verdicts_card("Verdicts", (), (("NVDA", "The budget is spent."),), ZONE, note="Late.")
    assert (card.subtitle, card.footer, card.buttons) == ("Nothing was run", "Paper trading, not advice.", ())
    assert card.note == "Late."


def test_since_and_until_stand_on_the_card() -> None:
    assert SINCE < UNTIL
    assert digest_card(QUIET, ZONE).subtitle == "2025-10-28 16:00 EDT to 2025-10-29 16:30 EDT"
