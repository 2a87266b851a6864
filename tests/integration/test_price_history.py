"""What a price chart is made of: from the vendor that values the books, and nothing newer than now."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from core.domain.errors import BadTicker, NoPrices, NotFound
from core.domain.season import Season
from tests import arena
from tests.arena import Opening
from tests.loopback.model_server import ModelServer
from tests.market_days import PLAIN, evening, market_days

pytest_plugins = ["tests.arena_fixtures"]
WEEK = ["2025-10-27", "2025-10-28", "2025-10-29", "2025-10-30", "2025-10-31"]


async def test_entries_and_levels_are_told_in_the_shares_of_today(tmp_path: Path) -> None:
    async with market_days(tmp_path, trading=PLAIN) as days:
        prices = dict.fromkeys(WEEK[:2], "100,101,99,100") | dict.fromkeys(WEEK[2:], "50,51,49,50")
        days.market.prices("NVDA", {"2025-10-24": "100,101,99,100", **prices})
        days.market.actions("NVDA", "2025-10-29,split,2")
        await days.buy("NVDA", evening("2025-10-24"), stop_loss=80, take_profit=140)
        await days.keep(evening("2025-10-30"))
        found = await days.app.price_history("claude", "nvda")
        assert (found.member, found.ticker, found.season) == ("claude", "NVDA", Season.LIVE)
        assert [bar.date.isoformat() for bar in found.bars] == ["2025-10-24", *WEEK[:4]], (
            "and none of tomorrow"
        )
        assert {bar.close for bar in found.bars} == {Decimal(50)}
        (entry,) = found.entries
        assert (entry.fill.session, entry.fill.price) == (date(2025, 10, 27), Decimal(100))
        assert (entry.price, entry.shares) == (Decimal(50), Decimal(40))
        assert found.position is not None
        assert (found.position.average_cost, found.position.stop_loss) == (Decimal(50), Decimal(40))
        assert (found.earlier, found.caveat) == (0, None)


async def test_of_a_ticker_without_entries_there_are_prices_alone(tmp_path: Path) -> None:
    async with market_days(tmp_path, trading=PLAIN) as days:
        days.market.flat("NVDA", "100,101,99,100", WEEK)
        days.market.flat("AAPL", "200,201,199,200", WEEK)
        await days.buy("NVDA", evening("2025-10-27"))
        await days.keep(evening("2025-10-29"))
        found = await days.app.price_history("claude", "AAPL")
        assert (found.entries, found.position) == ((), None)
        assert found.bars[-1].date == date(2025, 10, 29)
        with pytest.raises(NoPrices):
            await days.app.price_history("claude", "MSFT")
        with pytest.raises(BadTicker):
            await days.app.price_history("claude", "not a ticker")
        with pytest.raises(NotFound):
            await days.app.price_history("nobody", "NVDA")


async def test_sample_prices_end_with_the_mark_and_say_what_they_are(
    opening: Opening, models: ModelServer, tmp_path: Path
) -> None:
    app = await opening(models.base_url, tmp_path)
    await arena.finished(app, arena.request("AAPL", as_of="2012-06-01T21:00:00+00:00"))
    statement = await app.portfolio("claude")
    found = await app.price_history("claude", "AAPL")
    assert found.season == Season.SAMPLE
    assert found.caveat is not None
    assert "Sample prices" in found.caveat
    mark = statement.holdings[0].mark
    assert mark is not None
    assert found.bars[-1].date == mark.at.date()
    assert [entry.fill.id for entry in found.entries] == [fill.id for fill in statement.fills]
