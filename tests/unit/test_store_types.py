"""Values go into the database and come out the same, or are refused."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.dialects import sqlite

from core.domain.errors import StoreError
from core.store.column_types import FreeJson, Moment, Words, from_whole, to_whole
from core.store.costs import for_sums
from core.store.inserting import add_new
from core.store.store import Store
from core.store.tables import marks
from tests.store_values import START

pytest_plugins = ("tests.storage",)

DIALECT = sqlite.dialect()


@given(st.decimals(min_value=-(10**10), max_value=10**10, places=8))
def test_an_amount_of_eight_places_comes_back_equal(amount: Decimal) -> None:
    assert from_whole(to_whole(amount)) == amount


@pytest.mark.parametrize(
    "amount", ["0.000000001", "1E-9", "92233720368.54775808", "1E+30", "NaN", "Infinity", "-Infinity", "sNaN"]
)
def test_an_amount_that_does_not_fit_is_refused(amount: str) -> None:
    with pytest.raises(StoreError, match="amount"):
        to_whole(Decimal(amount))


def test_the_largest_amount_fits() -> None:
    largest = Decimal("92233720368.54775807")
    assert from_whole(to_whole(largest)) == largest
    assert from_whole(to_whole(-largest)) == -largest


def test_a_careless_decimal_context_changes_nothing() -> None:
    with localcontext(prec=3):
        assert from_whole(to_whole(Decimal("12345678.12345678"))) == Decimal("12345678.12345678")


@pytest.mark.parametrize(
    ("stored", "shown"),
    [("10000", "10000.00"), ("0", "0.00"), ("-0.5", "-0.50"), ("189.25", "189.25"), ("0.123456", "0.123456")],
)
def test_an_amount_comes_back_with_two_places_at_least(stored: str, shown: str) -> None:
    assert str(from_whole(to_whole(Decimal(stored)))) == shown


@given(
    st.datetimes(
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=9))])
    )
)
def test_a_moment_comes_back_equal_and_in_utc(moment: datetime) -> None:
    stored = Moment().process_bind_param(moment, DIALECT)
    back = Moment().process_result_value(stored, DIALECT)
    assert back == moment
    assert back is not None
    assert back.tzinfo is UTC


def test_a_time_without_offset_is_refused() -> None:
    with pytest.raises(StoreError, match="offset"):
        Moment().process_bind_param(datetime(2025, 1, 1), DIALECT)  # noqa: DTZ001  # the case in question


def test_text_loses_what_no_database_can_hold_and_nothing_else() -> None:
    kept = Words().process_bind_param("a\0b\ud800c – 日本 🚀", DIALECT)
    assert kept == "a\ufffdb\ufffdc – 日本 🚀"


def test_free_json_keeps_even_broken_characters() -> None:
    answer = {"text": "a\0b\ud800", "number": 1.5, "none": None, "list": [1, "x"]}
    stored = FreeJson().process_bind_param(answer, DIALECT)
    assert stored is not None
    assert stored.isascii()
    assert FreeJson().process_result_value(stored, DIALECT) == answer


@pytest.mark.parametrize(
    ("cost", "counted"),
    [("0.000000075", "0.000000075"), ("0.0000000000001", "0.000000000001"), ("0", "0"), ("1.5", "1.5")],
)
def test_a_cost_is_counted_up_to_the_last_place_that_sums_have(cost: str, counted: str) -> None:
    assert for_sums(Decimal(cost)) == Decimal(counted)


async def test_a_sum_in_sql_is_exact(store: Store) -> None:
    async with store.database.write() as connection:
        for second in range(100):
            row = {"season": "live", "ticker": "A", "at": START + timedelta(seconds=second), "source": "csv"}
            await add_new(connection, marks, row | {"price": Decimal("90000.00000001")})
    async with store.database.read() as connection:
        total = (await connection.execute(select(func.sum(marks.c.price)))).scalar()
    assert total == Decimal("9000000.000001")


async def test_an_amount_that_does_not_fit_is_refused_in_words(store: Store) -> None:
    row = {"season": "live", "ticker": "A", "at": START, "source": "csv", "price": Decimal("0.0000000001")}
    with pytest.raises(StoreError, match="cannot be stored with 8 decimal places"):
        async with store.database.write() as connection:
            await add_new(connection, marks, row)
