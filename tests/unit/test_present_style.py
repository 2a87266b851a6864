"""Numbers and times as a chat reads them."""

import asyncio
import string
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.present import numbers
from bot.present.style import LOCALES, Style, known_tag, locale_of, read_as, style

AT = datetime(2025, 10, 29, 20, 5, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
SPACE = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("tag", "money", "change", "moment"),
    [
        (None, "−$10,000.50", "+1,234.50 %", "2025-10-29 16:05 EDT"),
        ("en", "−$10,000.50", "+1,234.50 %", "2025-10-29 16:05 EDT"),
        ("en-GB", "−$10,000.50", "+1,234.50 %", "29/10/2025 16:05 EDT"),
        ("en-US", "−$10,000.50", "+1,234.50 %", "10/29/2025 4:05 PM EDT"),
        ("de", f"−10.000,50{SPACE}$", "+1.234,50 %", "29.10.2025 16:05 EDT"),
        ("fr", f"−10{SPACE}000,50{SPACE}$", f"+1{SPACE}234,50 %", "29/10/2025 16:05 EDT"),
        ("pt-BR", f"−${SPACE}10.000,50", "+1.234,50 %", "29/10/2025 16:05 EDT"),
        ("ja", "−$10,000.50", "+1,234.50 %", "2025/10/29 16:05 EDT"),
    ],
)
def test_numbers_and_moments_are_written_in_the_language_of_the_chat(
    tag: str | None, money: str, change: str, moment: str
) -> None:
    with read_as(Style(None, locale_of(tag))):
        assert numbers.usd(Decimal("-10000.50")) == money
        assert numbers.percent_change(Decimal("12.345")) == change
        assert numbers.moment(AT, NEW_YORK) == moment


def test_every_kind_of_number_follows_the_language() -> None:
    with read_as(Style(None, locale_of("de"))):
        assert numbers.cost(Decimal("0.0004")) == f"0,0004{SPACE}$"
        assert numbers.cost(Decimal(0)) == f"0{SPACE}$"
        assert numbers.cost(Decimal("0.0000001")) == f"under 0,000001{SPACE}$"
        assert numbers.price(Decimal("0.5")) == f"0,50{SPACE}$"
        assert numbers.shares(Decimal("-1000.5")) == "−1.000,5"
        assert numbers.split(Decimal("1.5")) == "1,5 for 1"
        assert numbers.ratio(Decimal("-1.42")) == "−1,42"
        assert numbers.ratio_percent(Decimal("-0.1234")) == "−12,34 %"
        assert numbers.weight(Decimal("0.50")) == "0,5"
        assert numbers.duration(6_120) == "6,1 s"
        assert numbers.tokens(18_240) == "18.240 tokens"
        assert numbers.day(date(2025, 10, 29)) == "29.10.2025"
        assert numbers.rounded(0.1234, 3) == "0,123"


@pytest.mark.parametrize(
    ("at", "twelve"), [(time(0, 5), "12:05 AM"), (time(12, 0), "12:00 PM"), (time(23, 59), "11:59 PM")]
)
def test_a_clock_that_counts_to_twelve_says_which_half_of_the_day(at: time, twelve: str) -> None:
    assert numbers.clock(at) == f"{at:%H:%M}"
    with read_as(Style(None, locale_of("en-US"))):
        assert numbers.clock(at) == twelve


@given(value=st.decimals(-(10**9), 10**9, places=2), tag=st.sampled_from(sorted(LOCALES)))
def test_a_number_has_the_same_figures_in_every_language(value: Decimal, tag: str) -> None:
    english = numbers.usd(value)
    with read_as(Style(None, locale_of(tag))):
        said = numbers.usd(value)
    assert [sign for sign in said if sign.isdecimal()] == [sign for sign in english if sign.isdecimal()]
    assert said.startswith(numbers.MINUS) == english.startswith(numbers.MINUS)
    assert said.count("$") == 1


async def test_what_one_chat_reads_changes_nothing_for_another_at_the_same_moment() -> None:
    async def told(tag: str | None) -> str:
        with read_as(Style(None, locale_of(tag))):
            await asyncio.sleep(0)
            return await asyncio.create_task(asyncio.to_thread(numbers.usd, Decimal("1234.5")))

    said = await asyncio.gather(told("de"), told(None), told("en-GB"))
    assert said == [f"1.234,50{SPACE}$", "$1,234.50", "$1,234.50"]
    assert style() == Style()


@pytest.mark.parametrize(
    ("typed", "tag"),
    [("DE", "de"), ("en_gb", "en-GB"), ("de-AT", "de"), ("pt-BR", "pt-BR"), ("pt", None), ("xx", None)],
)
def test_a_language_is_known_by_its_tag_whatever_its_case(typed: str, tag: str | None) -> None:
    assert known_tag(typed) == tag


@given(st.text(string.printable, max_size=40))
def test_any_text_is_a_language_that_is_listed_or_none(text: str) -> None:
    assert known_tag(text) is None or known_tag(text) in LOCALES
