"""Evidence, briefings and views for tests."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from core.config.settings import Trading
from core.domain.bars import Bar, Quote
from core.domain.books import Portfolio, Position
from core.domain.evidence import Evidence, Indicators
from core.domain.run import Briefing
from core.pipeline.author import View
from core.pipeline.facts import Facts

AS_OF = datetime(2025, 10, 29, 20, 0, tzinfo=UTC)


def bars(
    count: int, last: date = date(2025, 10, 29), start: str = "100", step: str = "0.5"
) -> tuple[Bar, ...]:
    made = []
    for number in range(count):
        close = Decimal(start) + Decimal(step) * number
        made.append(
            Bar(
                date=last - timedelta(days=count - 1 - number),
                open=close - Decimal("0.2"),
                high=close + 1,
                low=close - 1,
                close=close,
                volume=1_000_000 + number,
            )
        )
    return tuple(made)


def evidence(count: int = 40, **indicators: str) -> Evidence:
    series = bars(count)
    return Evidence(
        ticker="NVDA",
        as_of=AS_OF,
        source="csv",
        quote=Quote(price=series[-1].close, at=AS_OF, session=series[-1].date, session_open=False),
        indicators=Indicators.model_validate(indicators),
        bars=series,
    )


def briefing(cash: str = "10000", shares: str = "0") -> Briefing:
    held = (
        (Position(ticker="NVDA", shares=Decimal(shares), average_cost=Decimal(90)),)
        if Decimal(shares)
        else ()
    )
    book = Portfolio(member="claude", cash_usd=Decimal(cash), positions=held)
    return Briefing(portfolio=book, equity_usd=Decimal(cash) + Decimal(shares) * 100)


def view(pack: Evidence | None = None, shares: str = "0") -> View:
    pack = pack or evidence()
    return View(evidence=pack, facts=Facts(pack), briefing=briefing(shares=shares), terms=Trading())
