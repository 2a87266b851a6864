"""Weights that one request gives to members: they count in its run alone."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.weight_arguments import weights_from
from core.app.app import App
from core.domain.errors import Refused
from tests import arena
from tests.arena import Opening
from tests.loopback.model_server import ModelServer

pytest_plugins = ("tests.arena_fixtures",)

RULES = [{"name": name, "kind": "baseline"} for name in ("buy_and_hold", "momentum", "trend")]


@pytest.fixture
async def app(models: ModelServer, tmp_path: Path, opening: Opening) -> App:
    return await opening(models.base_url, tmp_path, members=RULES)


async def test_ballots_count_by_the_weights_of_the_request_and_the_card_says_so(app: App) -> None:
    weights = {"momentum": Decimal("0.2"), "trend": Decimal(0)}
    record = await arena.finished(app, arena.request("GOOG", weights=weights))
    assert {seat.member: seat.weight for seat in record.seats} == {
        "buy_and_hold": Decimal(1),
        "momentum": Decimal("0.2"),
        "trend": Decimal(0),
    }
    assert record.verdict is not None
    assert {used.member: used.weight for used in record.verdict.weights}["momentum"] == Decimal("0.2")
    assert "Counted with weights of this request: momentum 0.2, trend 0." in (record.caveat or "")


async def test_books_that_follow_the_committee_take_no_part_in_such_a_run(app: App) -> None:
    usual = await arena.finished(app, arena.request("GOOG"))
    own = await arena.finished(app, arena.request("GOOG", weights={"trend": Decimal("0.5")}))
    assert "committee" in {seat.member for seat in usual.seats}
    assert "committee" not in {seat.member for seat in own.seats}
    assert own.run_id != usual.run_id


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ({"claude": Decimal(1)}, "claude takes no part in this run, so it has no weight in it"),
        ({"committee": Decimal(1)}, "committee takes no part in this run"),
        (dict.fromkeys(("buy_and_hold", "momentum", "trend"), Decimal(0)), "no ballot would count"),
    ],
)
async def test_weights_that_make_no_sense_are_refused(
    app: App, weights: dict[str, Decimal], told: str
) -> None:
    with pytest.raises(Refused, match=told):
        await arena.finished(app, arena.request("GOOG", weights=weights))


def test_requests_with_other_weights_are_other_runs() -> None:
    keys = {
        arena.request("GOOG", weights=weights).key
        for weights in ({}, {"trend": Decimal("0.5")}, {"trend": Decimal("0.50")}, {"trend": Decimal(1)})
    }
    assert len(keys) == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("claude", "is no weight"),
        ("claude=", "is no weight"),
        ("=1", "is no weight"),
        ("claude=1.01", "is no weight"),
        ("claude=-1", "is no weight"),
        ("claude=nan", "is no weight"),
        ("claude=1,claude=0", "claude has two weights"),
    ],
)
def test_what_is_no_weight_is_refused_in_one_sentence(text: str, told: str) -> None:
    with pytest.raises(Refused, match=told):
        weights_from(text)


def test_weights_are_read_in_their_order_with_blanks_where_people_put_them() -> None:
    assert weights_from(" claude = 0.5 , gpt5=1,") == {"claude": Decimal("0.5"), "gpt5": Decimal(1)}
    assert weights_from("") == {}


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    try:
        found = weights_from(text)
    except Refused as refused:
        assert "\n" not in str(refused) or "\n" in text
    else:
        assert all(0 <= weight <= 1 for weight in found.values())
