"""The same evidence in another order, and what is told of who minds."""

from datetime import UTC, datetime
from decimal import Decimal
from math import factorial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.member_documents import members_document, stability_document
from bot.present.calibration import calibration_card
from bot.present.models import models_card
from bot.present.stability import stability_card, steadiness
from bot.slack_render import render as on_slack
from bot.telegram_render import render as on_telegram
from core.domain.ballot import Action
from core.domain.stability import Stability
from core.domain.stage import Preset
from core.domain.usage import Spend
from core.pipeline.facts import SECTIONS, Facts, evidence_text
from core.pipeline.stability import shuffled
from tests import arena_facts, packs, standings_facts
from tests.claim_facts import pack

ZONE = ZoneInfo("America/New_York")
BUY, SELL, HOLD = Action.BUY, Action.SELL, Action.HOLD


def found(*actions: Action | None, member: str = "claude") -> Stability:
    return Stability(
        member=member,
        ticker="GOOG",
        as_of=datetime(2025, 11, 12, 21, tzinfo=UTC),
        at=datetime(2025, 11, 13, 9, tzinfo=UTC),
        preset=Preset.QUICK,
        seed=7,
        evidence_sha256="0" * 64,
        actions=actions,
        spend=Spend(cost_usd=Decimal("0.012"), calls=len(actions)),
    )


@given(st.permutations(SECTIONS))
def test_another_order_has_the_same_lines_below_the_same_head(order: list[str]) -> None:
    usual, other = evidence_text(pack()).split("\n"), evidence_text(pack(), order).split("\n")
    assert sorted(usual) == sorted(other)
    head = usual.index("")
    assert usual[:head] == other[:head]
    assert Facts(pack(), order).text == evidence_text(pack(), order)


def test_the_usual_order_is_what_every_run_shows() -> None:
    assert Facts(packs.evidence()).text == evidence_text(packs.evidence(), SECTIONS)


@given(st.integers(2, 50), st.integers(0, 2**31 - 1))
def test_a_seed_gives_the_same_orders_again_and_none_twice(times: int, seed: int) -> None:
    orders = shuffled(times, seed)
    assert orders == shuffled(times, seed)
    assert len(set(orders)) == times
    assert all(sorted(order) == sorted(SECTIONS) for order in orders)


def test_more_orders_than_there_are_begin_again() -> None:
    every = factorial(len(SECTIONS))
    assert len(set(shuffled(every + 10, 1))) == every


@pytest.mark.parametrize(
    ("actions", "same", "stable"),
    [
        ((BUY, BUY, BUY), 3, True),
        ((BUY, HOLD, BUY, SELL, BUY), 3, False),
        ((BUY, None, BUY), 2, True),
        ((BUY, None), 1, False),
        ((None, None), 0, False),
    ],
)
def test_it_counts_the_most_frequent_action_and_an_abstention_is_none(
    actions: tuple[Action | None, ...], same: int, stable: bool
) -> None:
    assert (found(*actions).same, found(*actions).is_stable) == (same, stable)


def test_it_is_told_in_a_line() -> None:
    line = "same action 4 of 5 times with shuffled evidence, GOOG, 2025-11-12"
    assert steadiness(found(BUY, BUY, HOLD, BUY, BUY), ZONE) == line
    assert steadiness(found(None, None)) == "no ballot in 2 times with shuffled evidence, GOOG, 2025-11-12"


def test_models_shows_it_on_every_platform() -> None:
    name = arena_facts.MEMBERS[0].name
    steady = {name: found(BUY, BUY, HOLD, BUY, BUY, member=name)}
    card = models_card(arena_facts.MEMBERS, steady, ZONE)
    assert card.lines[0][1].endswith(" · same action 4 of 5 times with shuffled evidence, GOOG, 2025-11-12")
    assert all("shuffled" not in about for _, about in card.lines[1:])
    assert "4 of 5 times" in on_telegram(card).text_html
    assert "4 of 5 times" in str(on_slack(card).blocks)
    record = calibration_card(standings_facts.CALIBRATION, ZONE, steady[name])
    told = "Same action 4 of 5 times with shuffled evidence, GOOG, 2025-11-12"
    assert record.legend.startswith(f"{told}. Bars:")
    assert "4 of 5 times" in on_telegram(record).text_html
    assert "4 of 5 times" in str(on_slack(record).blocks)
    assert "shuffled" not in calibration_card(standings_facts.CALIBRATION, ZONE).legend


def test_a_check_is_a_card_and_a_document() -> None:
    card = stability_card([found(BUY, HOLD, BUY, None), found(SELL, SELL, SELL, SELL, member="gpt5")], ZONE)
    assert card.title == "Stability on GOOG"
    assert card.lines == (
        ("claude", "same action 2 of 3 times, 1 without a ballot: 2 BUY, 1 HOLD"),
        ("gpt5", "same action 4 of 4 times: 4 SELL"),
    )
    assert "seed 7 · $0.024" in card.footer
    document = stability_document(found(BUY, HOLD, None))
    assert document is not None
    assert (document["actions"], document["same"], document["times"]) == (["BUY", "HOLD", None], 1, 3)
    assert members_document(arena_facts.MEMBERS)[0]["stability"] is None
