"""Runs that were asked for together end as one card more: what is on it, when it comes, that it fits."""

import io
from collections.abc import AsyncIterator
from itertools import count

import pytest
from rich.console import Console

from bot.buttons import OpenVerdict, decode
from bot.cards import Card, Notice, SummaryCard, VerdictCard
from bot.desk import Desk
from bot.facts import verdicts_of
from bot.present.summary import verdicts_card
from bot.screen import Screen
from bot.slack_render import render as on_slack
from bot.telegram_render import render as on_telegram
from bot.terminal import TerminalDoor
from core.domain.ballot import Action
from core.domain.errors import NoPrices, StoreError
from core.domain.events import RunEnded, RunEvent
from core.domain.run import RunRecord, RunState
from tests import arena_facts
from tests.arena_double import ArenaDouble
from tests.desk_scene import arena
from tests.door_double import CHAT, DoorDouble, press, request
from tests.drawn_cards import on_screen
from tests.loopback.slack_rules import message_error
from tests.loopback.telegram_rules import check_keyboard, check_text
from tests.posted_facts import STOPPED, ZONE

FAILED = STOPPED.model_copy(update={"ticker": "IBM", "state": RunState.FAILED, "reason": "no prices"})
TWENTY = tuple(
    arena_facts.record(run_id=f"k3v9x2ma{place:02}", ticker=f"LONGNAME{place:02}.DE") for place in range(20)
)


async def asked(text: str, app: ArenaDouble | None = None) -> list[Card]:
    """Send a command, and return what each message shows in the end."""
    door = DoorDouble()
    await Desk(app or arena()).handle(request(text), door)
    return [message.now for message in door.messages.values()]


async def test_the_card_comes_after_all_verdicts_with_a_button_for_each() -> None:
    app, door = arena(), DoorDouble()
    await Desk(app).handle(request("run NVDA AAPL MSFT"), door)
    *verdicts, together = (message.now for message in door.messages.values())
    assert all(isinstance(card, VerdictCard) for card in verdicts)
    assert isinstance(together, SummaryCard)
    assert [line.ticker for line in together.lines] == ["NVDA", "AAPL", "MSFT"]
    assert together.lines[0].action is Action.BUY
    assert together.lines[0].detail.startswith("75 % agree · 71 % confident · at $207.04")
    assert together.lines[0].votes.startswith("3 BUY, 1 HOLD")
    opened = [decode(button.data) for button in together.buttons]
    assert opened == [OpenVerdict(arena_facts.RUN_ID), OpenVerdict("aapl"), OpenVerdict("msft")]
    assert isinstance(await Desk(app).press(press(together.buttons[0].data), door), VerdictCard)
    assert len({one.present for one in app.requests}) == 1


async def test_a_single_ticker_gets_no_second_card() -> None:
    assert [type(card) for card in await asked("run NVDA")] == [VerdictCard]


async def test_runs_that_could_not_begin_get_no_card_of_their_own_failures() -> None:
    app = arena()
    app.failure = NoPrices("Prices could not be had.")
    assert [type(card) for card in await asked("run NVDA AAPL", app)] == [Notice, Notice]


async def test_a_card_that_the_chat_refuses_leaves_the_verdicts_as_they_are() -> None:
    door = DoorDouble()
    sent = count(1)

    def third(kind: str, number: int) -> Exception | None:
        del number
        return RuntimeError("no card") if kind == "send" and next(sent) > 2 else None

    door.trouble = third
    await Desk(arena()).handle(request("run NVDA AAPL"), door)
    assert [type(message.now) for message in door.messages.values()] == [VerdictCard, VerdictCard]


async def test_stopped_failed_and_missing_runs_have_one_line_each() -> None:
    record = arena_facts.record()
    card = await verdicts_of(
        ArenaDouble(), [("IBM", FAILED), ("NVDAA", "No such ticker."), ("NVDA", record), ("MSFT", STOPPED)]
    )
    assert card is not None
    told = {line.ticker: (line.headline, line.detail) for line in card.lines}
    assert told["IBM"] == ("failed", "no prices")
    assert told["MSFT"] == ("stopped", "Stopped by Alice; what was done is kept.")
    assert [line.ticker for line in card.lines if line.votes] == ["NVDA"]
    assert told["NVDAA"] == ("skipped", "No such ticker.")
    assert [button.label for button in card.buttons] == ["IBM", "NVDA", "MSFT"]


def plays_on(app: ArenaDouble, ticker: str, failure: Exception | None) -> None:
    """Let the events of a ticker's run end before its end, with a failure or without."""

    async def play(wanted: str) -> AsyncIterator[RunEvent]:
        async for event in ArenaDouble._play(app, wanted):
            if wanted == ticker and isinstance(event, RunEnded):
                if failure:
                    raise failure
                return
            yield event

    app._play = play  # type: ignore[method-assign]
    app.records[ticker.lower()] = arena_facts.record(
        run_id=ticker.lower(), ticker=ticker, state=RunState.RUNNING, verdict=None
    )


@pytest.mark.parametrize("failure", [None, StoreError("The store is busy.")])
async def test_a_run_that_goes_on_where_its_events_break_off_is_not_told_as_skipped(
    failure: Exception | None,
) -> None:
    app = arena()
    plays_on(app, "MSFT", failure)
    together = (await asked("run NVDA MSFT", app))[-1]
    assert isinstance(together, SummaryCard)
    told = {line.ticker: (line.headline, line.detail) for line in together.lines}
    assert told["MSFT"] == ("still going on", "the verdict comes in its own message")


async def test_a_ticker_that_did_not_start_is_told_as_such() -> None:
    app = arena()

    async def play(wanted: str) -> AsyncIterator[RunEvent]:
        if wanted == "NVDAA":
            raise NoPrices("No such ticker.")
        async for event in ArenaDouble._play(app, wanted):
            yield event

    app._play = play  # type: ignore[method-assign]
    together = (await asked("run NVDA NVDAA MSFT", app))[-1]
    assert isinstance(together, SummaryCard)
    told = {line.ticker: (line.headline, line.detail) for line in together.lines}
    assert told["NVDAA"] == ("skipped", "It did not start; its own message says why.")


@pytest.mark.parametrize("runs", [(), (arena_facts.record(),), (STOPPED, FAILED)])
async def test_a_card_that_would_only_repeat_what_stands_there_is_left_out(
    runs: tuple[RunRecord, ...],
) -> None:
    told = [*((run.ticker, run) for run in runs), ("NVDAA", "No such ticker.")]
    assert await verdicts_of(ArenaDouble(), told) is None


async def test_a_store_that_is_busy_costs_the_prices_and_not_the_card() -> None:
    app = ArenaDouble()
    app.busy = StoreError("The store is busy.")
    card = await verdicts_of(app, [(run.ticker, run) for run in TWENTY[:2]])
    assert card is not None
    assert len(card.lines) == 2


@pytest.mark.parametrize("width", [44, 80])
def test_twenty_tickers_fit_on_every_platform(width: int) -> None:
    card = verdicts_card("Verdicts", TWENTY, (), ZONE)
    tickers = [run.ticker for run in TWENTY]

    message = on_telegram(card)
    check_text(message.text_html, "HTML")
    rows = [[{"text": label, "callback_data": data} for label, data in row] for row in message.keyboard]
    check_keyboard({"inline_keyboard": rows})
    assert [label for row in message.keyboard for label, _ in row] == tickers

    slack = on_slack(card)
    assert message_error({"text": slack.text, "blocks": slack.blocks}) is None
    actions = [block for block in slack.blocks if block["type"] == "actions"]
    assert [one["text"]["text"] for block in actions for one in block["elements"]] == tickers

    drawn = on_screen(card, width)
    for told in (message.text_html, str(slack.blocks), drawn):
        plain = told.replace("\u2060", "")  # what keeps a ticker from being a link
        assert not [ticker for ticker in tickers if ticker not in plain]
        assert told.count("3 BUY, 1 HOLD") == 20


async def test_who_has_left_a_terminal_hears_of_each_run_and_gets_no_card_at_the_prompt() -> None:
    file = io.StringIO()
    door = TerminalDoor(Screen(Console(file=file, width=80)), (str(number) for number in count(1)))
    door.leave()
    await door.send(CHAT, verdicts_card("Verdicts", TWENTY, (), ZONE))
    assert file.getvalue() == ""
