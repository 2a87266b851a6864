"""What a person sees of books in which much has happened, in every form in which they are shown."""

import json
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from bot import slack_render, telegram_render
from bot.documents import portfolio_document
from bot.present.portfolio import portfolio_card
from bot.screen import Screen
from core.domain.books import Statement
from tests.loopback.slack_rules import message_error
from tests.loopback.telegram_rules import check_text
from tests.market_days import PLAIN, Days, evening, market_days

ZONE = ZoneInfo("America/New_York")
RULES = PLAIN | {"allow_short": True, "borrow_fee": "0.365", "cash_interest": "0.0365", "fractional": False}
HISTORY = (
    "2025-10-31 interest on cash so far: +$5.26",
    "2025-10-31 fees for borrowed TSLA so far: −$10.00",
    "2025-10-30 stop of AAPL reached: sold 10",
    "2025-10-30 dividend owed for short TSLA: −$5.00",
    "2025-10-29 NVDA split 2 for 1: 20 became 40",
    "2025-10-28 dividend of NVDA: +$10.00",
)


async def lived(days: Days) -> Statement:
    week = ["2025-10-27", "2025-10-28", "2025-10-29", "2025-10-30", "2025-10-31"]
    flat = dict.fromkeys(week, "100,101,99,100")
    days.market.prices("NVDA", flat | dict.fromkeys(week[2:], "50,51,49,50"))
    days.market.actions("NVDA", "2025-10-28,dividend,0.5", "2025-10-29,split,2")
    days.market.prices("AAPL", flat | {"2025-10-30": "90,91,89,90", "2025-10-31": "90,91,89,90"})
    days.market.prices("TSLA", flat)
    days.market.actions("TSLA", "2025-10-30,dividend,0.25")
    early = evening("2025-10-24")
    for ticker in ("NVDA", "AAPL", "TSLA"):
        path = days.market.folder / f"{ticker}.csv"
        path.write_text(path.read_text().replace("volume\n", "volume\n2025-10-24,100,101,99,100,1\n"))
    await days.buy("NVDA", early, stop_loss=80, take_profit=140)
    await days.buy("AAPL", early, 0.1, stop_loss=95)
    await days.sell("TSLA", evening("2025-10-28"), -0.2, stop_loss=130)
    await days.keep(evening("2025-10-31"))
    await days.sell("NVDA", evening("2025-10-31"), 0.1)
    return await days.app.portfolio("claude")


async def test_levels_short_holdings_and_history_are_on_every_card(tmp_path: Path) -> None:
    async with market_days(tmp_path, trading=RULES) as days:
        statement = await lived(days)
        card = portfolio_card(statement, ZONE)
        assert [row[:2] for row in card.holdings] == [("NVDA", "40"), ("TSLA", "20 short")]
        assert card.levels == ("NVDA: stop $40.00, take-profit $70.00", "TSLA: stop $130.00")
        assert len(card.pending) == 1
        assert card.history == HISTORY
        telegram = telegram_render.render(card)
        check_text(telegram.text_html, "HTML")
        slack = slack_render.render(card)
        assert message_error({"text": slack.text, "blocks": slack.blocks}, update=True) is None
        drawn = json.dumps(slack.blocks, ensure_ascii=False)
        for line in (*card.levels, *card.history):
            assert line in telegram.text_html
            assert line in drawn
        document = portfolio_document(statement)
        assert [line["kind"] for line in document["history"]] == [
            "interest",
            "borrow",
            "stop",
            "dividend",
            "split",
            "dividend",
        ]
        assert json.loads(json.dumps(document)) == document


async def test_the_terminal_shows_the_same(tmp_path: Path) -> None:
    console = Console(width=100, file=StringIO(), highlight=False)
    async with market_days(tmp_path, trading=RULES) as days:
        Screen(console).show(portfolio_card(await lived(days), ZONE))
    assert isinstance(console.file, StringIO)
    shown = console.file.getvalue()
    for line in ("Levels", "NVDA: stop $40.00, take-profit $70.00", "History", *HISTORY):
        assert line in shown
