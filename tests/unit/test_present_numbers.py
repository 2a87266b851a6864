"""How numbers and times are written."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.present import numbers
from bot.present.style import Style, locale_of, read_as

NEW_YORK = ZoneInfo("America/New_York")
AMOUNTS = st.decimals(-(10**9), 10**9, allow_nan=False, places=6)


def read(text: str) -> Decimal:
    """Read back a number as it was written."""
    return Decimal(re.sub(r"[^0-9.\-]", "", text.replace(numbers.MINUS, "-")))


@pytest.mark.parametrize(
    ("amount", "plain", "change"),
    [
        ("10000", "$10,000.00", "+$10,000.00"),
        ("-3.1", "−$3.10", "−$3.10"),
        ("0", "$0.00", "$0.00"),
        ("0.004", "$0.00", "$0.00"),
        ("-0.004", "$0.00", "$0.00"),
        ("0.005", "$0.01", "+$0.01"),
        ("-0.005", "−$0.01", "−$0.01"),
        ("1234567.891", "$1,234,567.89", "+$1,234,567.89"),
    ],
)
def test_usd_are_written_in_whole_cents_and_a_change_with_its_sign(
    amount: str, plain: str, change: str
) -> None:
    assert numbers.usd(Decimal(amount)) == plain
    assert numbers.usd_change(Decimal(amount)) == change


@given(AMOUNTS)
def test_usd_are_never_off_by_more_than_half_a_cent(amount: Decimal) -> None:
    assert abs(read(numbers.usd(amount)) - amount) <= Decimal("0.005")
    assert abs(read(numbers.usd_change(amount)) - amount) <= Decimal("0.005")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "$0"),
        ("0.0000004", "under $0.000001"),
        ("0.000012", "$0.000012"),
        ("0.0004", "$0.0004"),
        ("0.00285", "$0.0028"),
        ("0.013", "$0.013"),
        ("0.0792", "$0.079"),
        ("0.1", "$0.10"),
        ("0.999", "$1.00"),
        ("1.254", "$1.25"),
        ("1234.5", "$1,234.50"),
    ],
)
def test_the_cost_of_model_calls_keeps_two_digits_that_tell(amount: str, text: str) -> None:
    assert numbers.cost(Decimal(amount)) == text


@given(st.decimals("0.000001", 10**6, places=9))
def test_a_cost_is_never_shown_as_nothing_and_never_far_off(amount: Decimal) -> None:
    shown = read(numbers.cost(amount))
    assert shown > 0
    assert abs(shown - amount) <= amount * Decimal("0.05")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("201.03", "$201.03"),
        ("201.035", "$201.04"),
        ("0.000123", "$0.000123"),
        ("0.5", "$0.50"),
        ("1", "$1.00"),
    ],
)
def test_a_price_has_six_places_below_one_dollar(value: str, text: str) -> None:
    assert numbers.price(Decimal(value)) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        ("12.5", "12.5"),
        ("1000", "1,000"),
        ("12.500000", "12.5"),
        ("0.000001", "0.000001"),
        ("100.10", "100.1"),
    ],
)
def test_shares_lose_their_zeros_but_not_their_parts(count: str, text: str) -> None:
    assert numbers.shares(Decimal(count)) == text


@given(st.decimals(0, 10**6, places=6))
def test_shares_are_exact(count: Decimal) -> None:
    assert read(numbers.shares(count)) == count


@pytest.mark.parametrize(
    ("ratio", "text"), [("0.72", "72 %"), ("0.7139", "71 %"), ("0.005", "1 %"), ("0", "0 %"), ("1", "100 %")]
)
def test_a_fraction_is_whole_percent(ratio: str, text: str) -> None:
    assert numbers.percent(Decimal(ratio)) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        ("0.0123", "+1.23 %"),
        ("-0.004", "−0.40 %"),
        ("0", "0.00 %"),
        ("-0.00001", "0.00 %"),
        ("12.5", "+1,250.00 %"),
    ],
)
def test_a_return_has_its_sign_and_two_places(ratio: str, text: str) -> None:
    assert numbers.percent_change(Decimal(ratio)) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0.0 s"),
        (6_120, "6.1 s"),
        (59_940, "59.9 s"),
        (59_960, "1 min 0 s"),
        (125_000, "2 min 5 s"),
        (3_780_000, "1 h 3 min"),
        (360_000_000, "100 h 0 min"),
    ],
)
def test_a_time_span_is_as_coarse_as_it_is_long(milliseconds: int, text: str) -> None:
    assert numbers.duration(milliseconds) == text


@given(st.integers(0, 10**9))
def test_no_time_span_has_sixty_of_anything(milliseconds: int) -> None:
    assert not re.search(r"\b60(\.0)? (s|min)\b", numbers.duration(milliseconds))


def test_a_count_takes_an_s_unless_there_is_one() -> None:
    assert [numbers.counted(count, "ballot") for count in (0, 1, 2)] == ["0 ballots", "1 ballot", "2 ballots"]
    assert numbers.tokens(18_240) == "18,240 tokens"


def test_a_moment_is_told_in_the_arenas_zone_with_its_name() -> None:
    assert numbers.moment(datetime(2025, 10, 29, 20, tzinfo=UTC), NEW_YORK) == "2025-10-29 16:00 EDT"
    assert numbers.moment(datetime(2025, 12, 1, 21, tzinfo=UTC), NEW_YORK) == "2025-12-01 16:00 EST"


def test_days_weights_and_hashes_are_short() -> None:
    assert numbers.day(date(2025, 10, 29)) == "2025-10-29"
    assert [numbers.weight(Decimal(weight)) for weight in ("1", "1.00", "0.50")] == ["1", "1", "0.5"]
    assert numbers.short_hash("3f2a9c01d4e85b77") == "3f2a9c01d4e8"


def test_shares_below_zero_have_a_minus_sign() -> None:
    assert numbers.shares(Decimal("-1000.5")) == "−1,000.5"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("4", "4 for 1"),
        ("1.5", "1.5 for 1"),
        ("0.1", "1 for 10"),
        ("0.333333333333", "1 for 3"),
        ("0.4", "1 for 2.5"),
        ("1000", "1,000 for 1"),
    ],
)
def test_a_split_is_written_as_people_say_it(value: str, text: str) -> None:
    assert numbers.split(Decimal(value)) == text


def test_amounts_in_a_sentence_of_the_arena_are_written_as_the_chat_reads() -> None:
    spent = "Not started: it would cost about $1,250.00, and of your $2.00 of today -$0.50 is left, at 16.30."
    assert numbers.retold(spent) == spent
    with read_as(Style(None, locale_of("de"))):
        told = numbers.retold(spent)
    assert told == (
        "Not started: it would cost about 1.250,00\u00a0$, and of your 2,00\u00a0$ of today "
        "\u22120,50\u00a0$ is left, at 16.30."
    )
