"""One member's record as a judge, as a card and as a document."""

import io
import json
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from bot import terminal_render
from bot.crossed_bar import crossed
from bot.documents import calibration_document
from bot.member_documents import members_document
from bot.present.calibration import calibration_card
from core.domain.calibration import Calibration
from core.domain.scores import Figure
from core.domain.season import Season
from tests.arena_facts import MEMBERS
from tests.standings_facts import CALIBRATION

ZONE = ZoneInfo("America/New_York")
NOTHING = Figure(value=None, sample=0)


def found(**changes: object) -> Calibration:
    return CALIBRATION.model_copy(update=changes)


def empty() -> Calibration:
    bins = tuple(one.model_copy(update={"count": 0}) for one in CALIBRATION.bins)
    return found(
        settled=0,
        holds=0,
        newest=None,
        brier=NOTHING,
        ece=NOTHING,
        bins=bins,
        weight=None,
        hit_rates=dict.fromkeys((1, 5, 20), NOTHING),
    )


def test_every_figure_stands_beside_its_sample() -> None:
    card = calibration_card(CALIBRATION, ZONE)
    assert card.title == "How far to trust claude-sonnet-4.5"
    assert dict(card.facts) == {
        "1 session": "53 % of 45 right",
        "5 sessions": "60 % of 42 right",
        "20 sessions": "n/a · 6 ballots",
        "Judged": "42 ballots after 5 sessions · 7 HOLDs left out",
        "Brier": "0.251 · 42 ballots",
        "ECE": "11.4 % · 42 ballots",
        "Weight": "1 configured",
        "Learned": "0.8712 · 42 ballots, worth 18.4 · not in use",
    }
    assert card.footer == "Live ballots, settled up to 2025-10-29 16:00 EDT · Paper trading, not advice."


def test_the_diagram_has_a_line_for_each_bin_with_ballots() -> None:
    lines = calibration_card(CALIBRATION, ZONE).bins
    assert [(one.said, one.right, one.ballots, one.worth) for one in lines] == [
        ("60–70 %", "58 %", "12", "61 %"),
        ("70–80 %", "62 %", "21", "67 %"),
        ("80–90 %", "56 %", "9", "70 %"),
    ]
    assert (lines[0].fraction, lines[0].mark) == (0.5833, 0.66)


def test_weights_that_count_are_said_to() -> None:
    assert dict(calibration_card(found(in_use=True), ZONE).facts)["Learned"].endswith(" · in use")


def test_without_settled_ballots_the_card_says_so_and_makes_nothing_up() -> None:
    card = calibration_card(empty(), ZONE)
    assert card.legend == "No ballot for BUY or SELL is 5 sessions old yet."
    assert card.bins == ()
    assert dict(card.facts)["Brier"] == "n/a · 0 ballots"
    assert dict(card.facts)["Learned"] == "nothing settled yet"
    assert card.footer == "Live ballots · Paper trading, not advice."


def test_the_sample_season_and_a_replay_are_named_and_warned_of() -> None:
    card = calibration_card(found(season=Season.SAMPLE, caveat="Old prices."), ZONE)
    assert card.footer.startswith("Ballots on sample prices, settled")
    assert card.caveat == "Old prices."
    assert calibration_card(found(season=Season("autumn")), ZONE).footer.startswith("Ballots of autumn,")


@pytest.mark.parametrize(
    ("fraction", "mark", "bar"),
    [
        (0.5, 0.8, "█████░░░│░"),
        (0.5, 0.2, "██│██░░░░░"),
        (1.0, 1.0, "█████████│"),
        (0.0, 0.0, "│░░░░░░░░░"),
        (9.0, -1.0, "│█████████"),
        (float("nan"), float("inf"), "░░░░░░░░░│"),
    ],
)
def test_a_bar_is_crossed_where_the_confidence_lies(fraction: float, mark: float, bar: str) -> None:
    assert crossed(fraction, mark, 10) == bar


def test_a_narrow_terminal_says_of_a_bin_only_what_is_known() -> None:
    bins = tuple(
        one.model_copy(update={"count": 1, "calibrated": None}) if one.count else one
        for one in CALIBRATION.bins
    )
    file = io.StringIO()
    Console(file=file, width=30).print(
        terminal_render.render(calibration_card(found(bins=bins), ZONE), width=30)
    )
    told = [" ".join(line.strip("│ ").split()) for line in file.getvalue().splitlines()]
    assert "58 % right · 1 ballot" in told


def test_the_document_has_every_figure_with_its_sample_and_all_ten_bins() -> None:
    document = json.loads(json.dumps(calibration_document(CALIBRATION)))
    assert document["hit_rates"]["20"] == {"value": None, "sample": 6}
    assert document["brier"] == {"value": 0.2514, "sample": 42}
    assert document["weight"] == {
        "configured": 1.0,
        "learned": 0.8712,
        "sample": 42,
        "effective": 18.3806,
        "in_use": False,
    }
    assert len(document["bins"]) == 10
    assert document["bins"][6] == {
        "low": 0.6,
        "high": 0.7,
        "count": 12,
        "mean_confidence": 0.66,
        "right_fraction": 0.5833,
        "calibrated": 0.612,
    }
    assert document["bins"][0]["right_fraction"] is None
    nothing = calibration_document(empty())
    assert nothing["weight"]["learned"] is None
    assert nothing["settled_to"] is None


def test_the_list_of_members_is_a_document_too() -> None:
    listed = members_document(MEMBERS)
    assert [one["member"] for one in listed] == [member.name for member in MEMBERS]
    assert listed[2] == {
        "member": "gemini-2.5-pro",
        "kind": "llm",
        "route": ["openrouter:google/gemini-2.5-pro"],
        "stages": {},
        "weight": 0.8,
        "enabled": True,
        "removed_at": None,
        "stability": None,
    }
