"""Two members beside each other, past runs and long books, as cards."""

from decimal import Decimal

import pytest

from bot import buttons
from bot.cards import DialogueCard, SummaryCard
from bot.lookback_buttons import TurnBooks, TurnCompared, TurnHistory, decode
from bot.present.compare import MOST_POINTS, POINT, compare_card
from bot.present.past import export_card, history_card
from bot.present.portfolio import books_card, portfolio_card
from core.domain.ballot import Action
from core.domain.past import PastRun, PastRuns
from core.domain.stage import Stage
from tests import arena_facts, standings_facts
from tests.compare_facts import COMPARED, LONG_BOOKS, ONE, OTHER, ZONE, chat


def test_the_first_page_has_both_ballots_and_only_facts_of_how_they_differ() -> None:
    card = compare_card(COMPARED, 1, ZONE)
    by_label = {line.label: (line.one, line.other) for line in card.lines}
    assert by_label["Ballot"] == ("BUY", "BUY")
    assert by_label["Confidence"] == ("72 %", "81 %")
    assert card.facts == ("Both say BUY.", "gpt-5 is surer by 9 points.", "The verdict was BUY.")
    assert card.position == "page 1 of 5"
    assert [one.label for one in card.page_buttons] == ["Market ▶"]


def test_members_that_differ_and_the_one_against_the_verdict_are_named() -> None:
    record = arena_facts.record()
    outlier = next(name for name in record.verdict.outliers) if record.verdict else ""
    member = next(one for one in arena_facts.MEMBERS if one.name == outlier)
    found = COMPARED.model_copy(
        update={"members": (ONE, member), "chats": (COMPARED.chats[0], arena_facts.chat(outlier))}
    )
    facts = compare_card(found, 1, ZONE).facts
    assert facts[0].startswith(f"{ONE.name} says BUY, {outlier} ")
    assert facts[-1] == f"The verdict was BUY; {outlier} stood against it."


def test_stages_come_in_reading_order_and_one_that_only_one_finished_says_so() -> None:
    titles = [compare_card(COMPARED, page, ZONE).stage for page in range(1, 6)]
    assert titles == ["Ballots", "Market analyst", "Bull", "Bear", "Decision"]
    bear = compare_card(COMPARED, 4, ZONE)
    assert bear.points[1] == ()
    assert bear.facts == (f"{OTHER.name} did not finish this stage.",)
    (opened,) = bear.open_buttons
    assert buttons.decode(opened.data) == buttons.OpenReasoning(arena_facts.RUN_ID, ONE.number, 2)
    back, onward = (decode(one.data) for one in bear.page_buttons)
    assert (back, onward) == tuple(
        TurnCompared(arena_facts.RUN_ID, ONE.number, OTHER.number, page) for page in (3, 5)
    )


def test_a_page_that_is_not_there_is_the_nearest() -> None:
    assert compare_card(COMPARED, 99, ZONE).stage == "Decision"
    assert compare_card(COMPARED, 1, ZONE) == compare_card(COMPARED, 0, ZONE)


def test_a_stage_without_points_is_told_by_its_first_sentences() -> None:
    whole = chat(ONE.name, Stage.BULL)
    long = whole.stages[0].model_copy(update={"key_points": (), "output": "A sentence of words. " * 60})
    many = whole.stages[0].model_copy(update={"key_points": tuple(f"point {n}" for n in range(9))})
    found = COMPARED.model_copy(
        update={"chats": tuple(whole.model_copy(update={"stages": (one,)}) for one in (long, many))}
    )
    first, second = compare_card(found, 2, ZONE).points
    assert len(first) == 1
    assert first[0].endswith(". …")
    assert len(first[0]) <= POINT + 2
    assert second == tuple(f"point {n}" for n in range(MOST_POINTS))


def past(decision: Action, ratio: str | None, horizon: int | None = 5) -> PastRun:
    verdict = arena_facts.VERDICT.model_copy(update={"decision": decision})
    return PastRun(
        run_id=arena_facts.RUN_ID,
        ticker="NVDA",
        as_of=arena_facts.AS_OF,
        verdict=verdict,
        horizon=horizon if ratio else None,
        return_ratio=Decimal(ratio) if ratio else None,
    )


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (past(Action.BUY, "0.012"), "earned +1.20 % after 5 sessions"),
        (past(Action.SELL, "0.012", 1), "earned −1.20 % after 1 session"),
        (past(Action.SELL, "-0.2", 20), "earned +20.00 % after 20 sessions"),
        (past(Action.HOLD, "0.012"), "the price moved +1.20 % after 5 sessions"),
        (past(Action.BUY, None), "not settled yet"),
    ],
)
def test_what_a_verdict_has_earned_counts_in_its_direction(run: PastRun, told: str) -> None:
    card = history_card(PastRuns(ticker="NVDA", runs=(run,), total=1, page=1, pages=1), ZONE)
    assert isinstance(card, SummaryCard)
    assert card.lines[0].votes == told


def test_history_turns_pages_of_the_same_ticker_and_opens_each_verdict() -> None:
    found = PastRuns(ticker="NVDA", runs=(past(Action.BUY, None),) * 8, total=20, page=2, pages=3)
    card = history_card(found, ZONE)
    assert isinstance(card, SummaryCard)
    assert card.subtitle == "20 runs, newest first · page 2 of 3"
    assert buttons.decode(card.buttons[0].data) == buttons.OpenVerdict(arena_facts.RUN_ID)
    assert [decode(one.data) for one in card.buttons[8:]] == [
        TurnHistory(1, "NVDA"),
        TurnHistory(3, "NVDA"),
    ]
    nothing = PastRuns(ticker="NVDA", runs=(), total=0, page=1, pages=1)
    empty = history_card(nothing, ZONE)
    assert isinstance(empty, DialogueCard)
    assert empty.examples == ("/run NVDA",)
    assert export_card(nothing, ZONE).buttons == ()


def test_short_books_have_no_buttons_and_are_whole() -> None:
    assert portfolio_card(standings_facts.STATEMENT, ZONE, number=1) == portfolio_card(
        standings_facts.STATEMENT, ZONE
    )


def test_long_books_are_turned_page_by_page_and_nothing_is_lost() -> None:
    whole, first = portfolio_card(LONG_BOOKS, ZONE), portfolio_card(LONG_BOOKS, ZONE, number=7)
    assert [one.label for one in first.buttons] == ["Trades (26)"]
    assert len(first.fills) == 10
    seen: list[str] = []
    wish = decode(first.buttons[0].data)
    assert wish == TurnBooks(7, "trades", 1)
    for page in (1, 2, 3):
        card = books_card(LONG_BOOKS, "trades", page, ZONE, number=7)
        assert card.position == f"Trades, page {page} of 3"
        assert card.holdings == ()
        seen += [*card.pending, *card.fills]
        assert decode(card.buttons[-1].data) == TurnBooks(7)
    assert seen == [*whole.pending, *whole.fills]
    assert books_card(LONG_BOOKS, "trades", 99, ZONE, number=7).position == "Trades, page 3 of 3"
    held = books_card(LONG_BOOKS, "holdings", 1, ZONE, number=7)
    assert (held.holdings, held.levels) == (whole.holdings, whole.levels)
    assert books_card(LONG_BOOKS, "history", 1, ZONE, number=7).history == whole.history
