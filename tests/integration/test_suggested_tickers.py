"""A ticker that Yahoo does not know: what its search suggests, what of it runs, and what is told without."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web

from bot.program import Output, run
from core.app.app import App
from core.clock import ManualClock
from core.domain.errors import NoPrices, UnknownTicker
from core.domain.evidence import Evidence
from tests.arena import Opening
from tests.loopback.model_server import ModelServer
from tests.loopback.yahoo_evidence import NOW, quote
from tests.loopback.yahoo_server import Row, YahooServer, chart

pytest_plugins = ("tests.arena_fixtures", "tests.yfinance_scene")

DAYS = ("2025-10-27", "2025-10-28", "2025-10-29", "2025-10-30", "2025-10-31")
RATED = ("2025-10-23", "2025-10-24", *DAYS)
ROWS: list[Row] = [(day, 100.0, 103.0, 99.0, 101.0, 1_000_000) for day in DAYS]
BERLIN, LONDON = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/London")
Asking = Callable[..., Awaitable[App]]


@pytest.fixture
def yahoo(yahoo: YahooServer) -> YahooServer:
    yahoo.held = {
        "BRK-B": chart("BRK-B", ROWS),
        "SAP.DE": chart("SAP.DE", ROWS, "EUR", zone=BERLIN),
        "EURUSD=X": chart("EURUSD=X", [(day, 1.1, 1.2, 1.0, 1.15, 0) for day in RATED], zone=LONDON),
        "BTC-USD": chart("BTC-USD", ROWS, zone=ZoneInfo("UTC")),
        "SPY": chart("SPY", ROWS),
    }
    yahoo.quotes = {
        "BRKB": [quote("BRK-B", "Berkshire Hathaway Inc."), quote("BRK-A", "Berkshire Hathaway Inc.")],
        "SAPDE": [quote("SAP.DE", "SAP SE")],
        "BITCOIN": [quote("BTC-USD", "Bitcoin USD", "CRYPTOCURRENCY")],
        "SPDR": [quote("SPY", "SPDR S&P 500 ETF Trust", "ETF")],
    }
    return yahoo


@pytest.fixture
async def asking(
    models: ModelServer, tmp_path: Path, opening: Opening, yahoo: YahooServer, fresh_yfinance: None
) -> AsyncIterator[Asking]:
    """Opens an arena with prices from Yahoo, and nothing beside them."""

    async def open_one(watchlist: tuple[str, ...] = (), timeout_s: float = 5.0) -> App:
        place = {"base_url": yahoo.base_url, "timeout_s": timeout_s}
        market = {"prices": ["yfinance"], "news": [], "fundamentals": [], "yfinance": place}
        more = {"market": market, "arena": {"watchlist": list(watchlist)}}
        return await opening(models.base_url, tmp_path, clock=ManualClock(NOW), **more)

    yield open_one


async def refused(app: App, ticker: str) -> NoPrices:
    with pytest.raises(NoPrices) as caught:
        await app.evidence(ticker, None)
    return caught.value


def searched(yahoo: YahooServer) -> list[str]:
    return [words for kind, words in yahoo.asked_evidence if kind == "quotes"]


@pytest.mark.parametrize(
    ("typed", "meant", "shown"),
    [
        ("BRKB", "BRK-B", "BRK-B (Berkshire Hathaway Inc.) or BRK-A (Berkshire Hathaway Inc.)"),
        ("SAPDE", "SAP.DE", "SAP.DE (SAP SE)"),
        ("bitcoin", "BTC-USD", "BTC-USD (Bitcoin USD)"),
        ("SPDR", "SPY", "SPY (SPDR S&P 500 ETF Trust)"),
    ],
    ids=["US", "listed abroad", "crypto pair", "ETF"],
)
async def test_what_yahoo_finds_is_suggested_with_its_name_and_can_be_run(
    asking: Asking, typed: str, meant: str, shown: str
) -> None:
    app = await asking()

    error = await refused(app, typed)

    assert isinstance(error, UnknownTicker)
    assert str(error) == f"I don't know the ticker {typed.upper()}. Did you mean {shown}?"
    assert error.wrong == typed.upper()
    assert error.near[0] == (meant, meant)
    pack: Evidence = await app.evidence(error.near[0][1], None)
    assert (pack.ticker, pack.source) == (meant, "yfinance")
    assert pack.bars[-1].date.isoformat() in DAYS[-2:]


async def test_what_is_known_here_comes_first_and_gets_its_name_from_yahoo(
    asking: Asking, yahoo: YahooServer
) -> None:
    app = await asking(watchlist=("BRK-B", "BRK-C"))
    yahoo.quotes["BRK-D"] = [quote("BRK-A", "Class A"), quote("BRK-C", "Class C"), quote("X", "Fourth")]

    error = await refused(app, "BRK-D")

    assert str(error).endswith("Did you mean BRK-B, BRK-C (Class C) or BRK-A (Class A)?")


async def test_the_same_word_is_searched_for_once(asking: Asking, yahoo: YahooServer) -> None:
    app = await asking()
    for _ in range(3):
        await refused(app, "BRKB")

    assert searched(yahoo) == ["BRKB"]


async def test_a_ticker_that_the_search_knows_is_not_called_unknown(
    asking: Asking, yahoo: YahooServer
) -> None:
    yahoo.quotes["GONE"] = [quote("GONE", "Gone Inc."), quote("GONE.DE", "Gone Inc.")]

    error = await refused(await asking(), "GONE")

    assert type(error) is NoPrices


async def test_nothing_found_is_told_as_ever(asking: Asking, yahoo: YahooServer) -> None:
    error = await refused(await asking(), "ZZZZZZZ")

    assert type(error) is NoPrices
    assert str(error).startswith("Prices for ZZZZZZZ could not be had (yfinance: ")
    assert searched(yahoo) == ["ZZZZZZZ"]


async def test_while_yahoo_is_away_it_is_not_searched_and_what_is_known_here_is_suggested(
    asking: Asking, yahoo: YahooServer
) -> None:
    app = await asking(watchlist=("NVDA",))
    yahoo.next_charts.extend([web.Response(status=503)] * 9)

    error = await refused(app, "NVDAA")

    assert "could not be had" in str(error)
    assert str(error).endswith("Did you mean NVDA?")
    assert searched(yahoo) == []


async def test_a_search_that_fails_leaves_the_suggestions_of_before(
    asking: Asking, yahoo: YahooServer
) -> None:
    app = await asking(watchlist=("NVDA",))
    yahoo.instead["quotes"] = lambda: web.Response(status=500)

    error = await refused(app, "NVDAA")

    assert str(error) == "I don't know the ticker NVDAA. Did you mean NVDA?"
    assert searched(yahoo)


async def test_where_no_prices_come_from_yahoo_it_is_not_searched(
    models: ModelServer, tmp_path: Path, opening: Opening, yahoo: YahooServer
) -> None:
    market = {"prices": ["sample"], "yfinance": {"base_url": yahoo.base_url}}
    app = await opening(models.base_url, tmp_path, market=market)

    error = await refused(app, "BRKB")

    assert type(error) is NoPrices
    assert searched(yahoo) == []


async def test_the_terminal_says_the_same_sentence(
    asking: Asking, yahoo: YahooServer, capsys: pytest.CaptureFixture[str]
) -> None:
    yahoo.quotes["BRKB"] = [quote("BRK-B", "Berkshire\n\x1b[31mHathaway [bold]Inc.")]
    settings = (await asking()).settings

    done = await run(settings, Output(as_json=False), ("BRKB",), preset=None, members=(), as_of=None)

    told = " ".join(capsys.readouterr().err.split())
    assert not done
    assert "Did you mean BRK-B (Berkshire 31mHathaway boldInc.)?" in told
