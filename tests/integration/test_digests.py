"""Digests and reviews of runs that were really made, against figures worked out here from the tables."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.present.digest import digest_card
from bot.present.summary import verdicts_card
from core.app.app import App
from core.domain.ballot import Action
from core.domain.books import OrderCause
from core.domain.digest import Earning
from core.domain.run import RunRecord
from core.domain.season import Season
from core.domain.stage import Preset
from core.market.sample_vendor import SAMPLE_CAVEAT
from tests import arena
from tests.loopback.model_server import ModelServer
from tests.market_days import PLAIN, DayClock, Days, at, evening, market_days, rows

pytest_plugins = ("tests.arena_fixtures",)

Opening = Callable[..., Awaitable[App]]
ZONE = ZoneInfo("America/New_York")
SAMPLE = Path(__file__).parents[2] / "core" / "market" / "sample"
CENT = Decimal("0.01")


def closes(ticker: str) -> dict[date, tuple[Decimal, Decimal]]:
    """Open and close by day, read from the file itself."""
    found = {}
    for line in (SAMPLE / f"{ticker}.csv").read_text().splitlines()[1:]:
        day, opened, _, _, close, _ = line.split(",")
        found[date.fromisoformat(day)] = Decimal(opened), Decimal(close)
    return found


@pytest.fixture
async def sampled(
    tmp_path: Path, opening: Opening, models: ModelServer
) -> AsyncIterator[tuple[App, DayClock]]:
    """Five models over the sample's files as if they were the market of January 2013, without fees."""
    clock = DayClock(datetime(2013, 1, 15, 22, 0, tzinfo=UTC))
    sections = {"prices": ["csv"], "csv": {"dir": str(SAMPLE)}, "max_age_sessions": 30}
    app = await opening(models.base_url, tmp_path, clock=clock, market=sections, trading=PLAIN)
    yield app, clock


async def asked(app: App, clock: DayClock, ticker: str, when: datetime) -> RunRecord:
    clock.set(when)
    return await arena.finished(app, arena.request(ticker, preset=Preset.QUICK))


def of(earnings: tuple[Earning, ...], member: str) -> Earning:
    (found,) = [one for one in earnings if one.member == member]
    return found


async def test_a_digest_says_what_verdicts_and_members_have_earned(
    sampled: tuple[App, DayClock],
) -> None:
    app, clock = sampled
    tuesday, wednesday = date(2013, 1, 15), date(2013, 1, 16)
    run = await asked(app, clock, "GOOG", datetime(2013, 1, 15, 22, 0, tzinfo=UTC))
    assert run.season == Season.LIVE
    clock.set(datetime(2013, 1, 16, 22, 0, tzinfo=UTC))
    await app.keep_books()
    found = await app.digest()
    goog = closes("GOOG")
    (_, seen), (bought, now) = goog[tuesday], goog[wednesday]
    (one,) = found.verdicts
    assert (one.run_id, one.decision, one.agreement) == (run.run_id, Action.BUY, Decimal("0.6"))
    assert (one.price_then, one.price_now) == (seen, now)
    assert one.earned == round(now / seen - 1, 4)
    # From the close of Tuesday, before the run.
    assert found.since == datetime(2013, 1, 15, 21, 0, tzinfo=UTC)
    traded = {(one.member, one.ticker) for one in found.trades}
    assert traded == {(name, "GOOG") for name in ("claude", "gpt5", "gemini", "committee")}
    for trade in found.trades:
        gained = (trade.shares * now).quantize(CENT) - trade.amount_usd
        assert trade.price == bought
        assert of(found.earnings, trade.member).change_usd == gained
        assert of(found.earnings, trade.member).value_usd == Decimal(10000) + gained
    assert of(found.earnings, "qwen").change_usd == 0
    assert [(move.ticker, move.ratio) for move in found.movers] == [("GOOG", round(now / seen - 1, 4))]
    assert found.disagreement is not None
    assert found.disagreement.supporters == ("claude", "gpt5", "gemini")
    assert dict(found.disagreement.against) == {"deepseek": Action.HOLD, "qwen": Action.SELL}
    assert found.disagreement.strongest is not None
    assert found.disagreement.strongest.member == "qwen"
    assert (found.runs, found.broken, found.undecided, found.abstentions) == (1, 0, 0, ())
    assert found.spend == run.spend
    assert found.caveat is None
    card = digest_card(found, ZONE)
    assert "BUY on GOOG" in card.story
    assert "qwen" in card.story


async def test_a_later_digest_tells_only_of_its_own_time(sampled: tuple[App, DayClock]) -> None:
    app, clock = sampled
    await asked(app, clock, "GOOG", datetime(2013, 1, 15, 22, 0, tzinfo=UTC))
    clock.set(datetime(2013, 1, 17, 22, 0, tzinfo=UTC))
    await app.keep_books()
    found = await app.digest()
    assert found.since == datetime(2013, 1, 16, 21, 0, tzinfo=UTC)
    assert (found.verdicts, found.trades, found.runs, found.disagreement) == ((), (), 0, None)
    goog = closes("GOOG")
    before, after = goog[date(2013, 1, 16)][1], goog[date(2013, 1, 17)][1]
    portfolio = await app.portfolio("claude")
    (held,) = portfolio.holdings
    shares = held.position.shares
    change = (shares * after).quantize(CENT) - (shares * before).quantize(CENT)
    assert of(found.earnings, "claude").change_usd == change
    assert [(move.ticker, move.ratio) for move in found.movers] == [("GOOG", round(after / before - 1, 4))]
    # The same question about the past is answered from the past.
    assert await app.digest(Season.LIVE, found.since, found.until) == found


async def test_an_arena_in_which_nothing_has_happened_yet_has_a_digest(sampled: tuple[App, DayClock]) -> None:
    app, _ = sampled
    found = await app.digest()
    assert (found.verdicts, found.trades, found.earnings, found.movers) == ((), (), (), ())
    assert digest_card(found, ZONE).story.endswith(".")
    review = await app.review()
    assert (review.settled, review.judged, review.best) == (0, (), ())


async def test_sample_prices_are_labelled_and_their_trades_belong_to_the_runs(
    tmp_path: Path, opening: Opening, models: ModelServer
) -> None:
    app = await opening(models.base_url, tmp_path)
    run = await arena.finished(app, arena.request("AAPL", preset=Preset.QUICK))
    assert run.season == Season.SAMPLE
    found = await app.digest()
    assert found.season == Season.SAMPLE
    assert found.caveat == SAMPLE_CAVEAT
    assert {trade.member for trade in found.trades} == {fill.member for fill in run.fills}
    assert found.trades
    assert [one.run_id for one in found.verdicts] == [run.run_id]
    changed = {one.member for one in found.earnings if one.change_usd}
    assert changed == {fill.member for fill in run.fills}


async def test_a_stop_and_a_split_are_told_as_what_they_are(tmp_path: Path) -> None:
    async with market_days(tmp_path, trading=PLAIN) as days:
        await _lived(days)
        found = await days.app.digest(None, evening("2025-10-28"), evening("2025-10-30"))
        causes = [(trade.ticker, trade.cause) for trade in found.trades]
        assert causes == [("AAPL", OrderCause.STOP)]
        assert [(one.ticker, one.value) for one in found.actions] == [("NVDA", Decimal(2))]
        moves = {move.ticker: move.ratio for move in found.movers}
        # The split halves the price, and nobody has lost anything by it.
        assert moves["NVDA"] == 0
        assert moves["AAPL"] == Decimal("-0.1")
        lost = sum((one["pnl_usd"] for one in await rows(days.store, "closed_trades")), Decimal(0))
        assert of(found.earnings, "claude").change_usd == lost


async def _lived(days: Days) -> None:
    week = ["2025-10-27", "2025-10-28", "2025-10-29", "2025-10-30"]
    flat = dict.fromkeys(week, "100,100,100,100")
    days.market.prices("NVDA", flat | dict.fromkeys(week[2:], "50,50,50,50"))
    days.market.actions("NVDA", "2025-10-29,split,2")
    days.market.prices("AAPL", flat | {"2025-10-30": "90,90,90,90"})
    await days.buy("NVDA", evening("2025-10-27"))
    await days.buy("AAPL", evening("2025-10-27"), 0.1, stop_loss=95)
    await days.keep(evening("2025-10-28"))
    await days.keep(evening("2025-10-30"))


async def test_a_review_judges_what_was_settled_in_its_week(tmp_path: Path) -> None:
    async with market_days(tmp_path, trading=PLAIN) as days:
        rising = {
            "2025-10-27": "100,100,100,100",
            "2025-10-28": "100,104,100,104",
            "2025-10-29": "104,104,91,91",
        }
        days.market.prices("NVDA", rising)
        await days.buy("NVDA", evening("2025-10-27"), confidence=0.8)
        await days.keep(evening("2025-10-28"))
        await days.buy("NVDA", at("2025-10-28", 22, 30), 0.21, confidence=0.9)
        await days.keep(evening("2025-10-29"))
        found = await days.app.review()
        assert [(one.member, one.horizon, one.earned) for one in found.best] == [
            ("claude", 1, Decimal("0.04"))
        ]
        assert [(one.confidence, one.earned) for one in found.worst] == [(Decimal("0.9"), Decimal("-0.125"))]
        (judged,) = found.judged
        rate = judged.season.hit_rates[1]
        # Two ballots are fewer than a rate of the season takes, and all that the week has.
        assert (rate.value, rate.sample, judged.manner) == (None, 2, None)
        assert judged.lately is not None
        assert judged.lately.hit_rates[1].value == 0.5
        (rank,) = found.ranks
        assert (rank.rank, rank.rank_before) == (1, None)
        later = await days.app.review(None, evening("2025-10-29"), evening("2025-10-30"))
        assert (later.settled, later.best, later.judged[0].lately) == (0, (), None)
        assert later.ranks[0].rank_before == 1


async def test_a_summary_shows_what_the_committees_saw(sampled: tuple[App, DayClock]) -> None:
    app, clock = sampled
    run = await asked(app, clock, "GOOG", datetime(2013, 1, 15, 22, 0, tzinfo=UTC))
    prices, zone = await app.prices_of([run]), ZoneInfo("America/New_York")
    card = verdicts_card("Verdicts", [run], [("SAP.DE", "Xetra is closed.")], zone, prices=prices)
    price = closes("GOOG")[date(2013, 1, 15)][1]
    assert f"${price}" in card.lines[0].detail
    assert card.buttons[0].data == f"r.{run.run_id}"
