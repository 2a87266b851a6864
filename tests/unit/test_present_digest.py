"""The digest and its story: sentences by rules, that a person enjoys and that say nothing wrong."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.present.digest import digest_card
from bot.present.digest_story import story
from bot.present.prose import Voice, counted, listed, quoted, sentence
from core.domain.actions import ActionKind, CorporateAction
from core.domain.ballot import AbstentionKind, Action
from core.domain.books import OrderCause, Side
from core.domain.digest import Digest, Disagreement, Earning, Move, Trade, VerdictSoFar
from core.domain.member import MemberKind
from core.domain.usage import Spend
from core.domain.verdict import Dissent
from tests import posted_facts
from tests.posted_facts import DIGEST, QUIET, SINCE, UNTIL, ZONE
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


SHARES = st.decimals("0.000001", 1_000_000, places=6)
CHANGES = st.decimals(-100_000, 100_000, places=2)
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


def test_since_and_until_stand_on_the_card() -> None:
    assert SINCE < UNTIL
    assert digest_card(QUIET, ZONE).subtitle == "2025-10-28 16:00 EDT to 2025-10-29 16:30 EDT"
