"""A whole pack as a busy week gives it, made up but of the usual lengths: for tests and benchmarks."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from core.domain.evidence import Evidence, Indicators
from core.domain.evidence_items import (
    Absence,
    EvidenceKind,
    Figure,
    Filing,
    Gathered,
    Identity,
    MacroReading,
    Mood,
    NewsItem,
    Snapshot,
)
from tests import packs

_HEADLINES = (
    "NVIDIA's data-centre sales rise again as cloud customers lift their spending plans for next year",
    "Chip makers fall after new export rules; analysts see a limited effect on this year's revenue",
    "NVIDIA names two new partners for its next rack system and confirms shipments in the first quarter",
    "Analyst raises target to $225 from $200, citing supply that is better than feared",
    "Treasury yields slip as investors wait for the central bank's decision on Wednesday",
)
_SUMMARY = (
    "The company said demand was ahead of supply in every region, and that it expects gross margin to stay "
    "in the mid-seventies. Two customers account for more than a third of sales, says the last filing. "
    "Management will speak at a conference next week, and results are due on 19 November after the close."
)
_POSTS = (
    "Holding through earnings, the backlog alone is worth the price. Trimmed a third at 205 to be safe.",
    "Everyone is on one side of this trade. RSI over 70 and insiders selling, I took puts for November.",
    "Great quarter coming but what is not priced in already? Watching 195 as support.",
)
_FIGURES = (
    ("revenue", "46743000000"),
    ("cost of revenue", "12890000000"),
    ("gross profit", "33853000000"),
    ("research and development", "4291000000"),
    ("operating income", "28440000000"),
    ("net income", "26422000000"),
    ("diluted earnings per share", "1.08"),
    ("operating cash flow", "15365000000"),
    ("capital expenditure", "1894000000"),
    ("free cash flow", "13450000000"),
    ("cash and short-term investments", "56791000000"),
    ("total debt", "10598000000"),
    ("total assets", "140740000000"),
    ("shareholders' equity", "100131000000"),
)
_RATIOS = (
    ("market capitalisation", "5046000000000", "USD"),
    ("trailing price-earnings ratio", "58.9", ""),
    ("forward price-earnings ratio", "31.42", ""),
    ("price to sales", "30.55", ""),
    ("price to book", "50.31", ""),
    ("dividend yield", "0.0002", ""),
    ("beta", "2.12", ""),
    ("profit margin", "0.5241", ""),
)
_SERIES = (
    ("FEDFUNDS", "Federal Funds Effective Rate", "Percent", "4.22"),
    ("DGS10", "10-Year Treasury Yield", "Percent", "4.08"),
    ("CPIAUCSL", "Consumer Price Index for All Urban Consumers", "Index 1982-1984=100", "324.368"),
    ("UNRATE", "Unemployment Rate", "Percent", "4.3"),
    ("GDP", "Gross Domestic Product", "Billions of Dollars", "30485.729"),
)
AS_OF = datetime(2025, 10, 29, 20, tzinfo=UTC)


def gathered(news: int = 20, filings: int = 6, moods: int = 20, macro: int = 3) -> Gathered:
    """What a busy week gives; `macro` is how many readings of each series there are."""
    return Gathered(
        identity=Identity(
            vendor="yfinance",
            name="NVIDIA Corporation",
            kind="stock",
            exchange="NasdaqGS",
            currency="USD",
            sector="Technology",
            industry="Semiconductors",
        ),
        news=tuple(_news(number) for number in range(news)),
        fundamentals=tuple(_filing(number) for number in range(filings)),
        snapshot=Snapshot(
            vendor="yfinance",
            at=AS_OF,
            figures=tuple(
                Figure(name=name, value=Decimal(value), unit=unit) for name, value, unit in _RATIOS
            ),
        ),
        sentiment=tuple(_mood(number) for number in range(moods)),
        macro=tuple(
            MacroReading(
                vendor="fred",
                series=series,
                title=title,
                unit=unit,
                period=date(2025, 9 - number, 1),
                released_on=date(2025, 10 - number, 15),
                value=Decimal(value),
            )
            for series, title, unit, value in _SERIES
            for number in range(macro)
        ),
        absences=(
            Absence(kind=EvidenceKind.SENTIMENT, vendor="alpha_vantage", reason="it is not configured"),
        ),
    )


def _news(number: int) -> NewsItem:
    return NewsItem(
        title=_HEADLINES[number % len(_HEADLINES)],
        summary=_SUMMARY,
        publisher=("Reuters", "Bloomberg", "Barron's")[number % 3],
        vendor="yfinance",
        published_at=AS_OF - timedelta(hours=5 * number + 1),
        url=f"https://news.example/{number}",
        market_wide=number % 5 == 4,
    )


def _filing(number: int) -> Filing:
    end = date(2025, 7, 27) - timedelta(days=91 * number)
    return Filing(
        vendor="yfinance",
        period_end=end,
        annual=False,
        figures=tuple(
            Figure(name=name, value=Decimal(value) * (20 - number) / 20, unit="USD")
            for name, value in _FIGURES
        ),
        filed_on=end + timedelta(days=31) if number % 2 == 0 else None,
        lag_days=45 if number % 2 else None,
    )


def _mood(number: int) -> Mood:
    return Mood(
        vendor="stocktwits" if number % 2 else "reddit",
        at=AS_OF - timedelta(hours=3 * number),
        text=_POSTS[number % len(_POSTS)],
        score=Decimal("0.4") if number % 3 == 0 else None,
        voices=12 if number % 3 == 0 else None,
    )


def evidence(given: Gathered | None = None) -> Evidence:
    """A pack with a year of bars, all indicators and what was gathered."""
    given = gathered() if given is None else given
    figures = {name: Decimal("101.2345") for name in Indicators.model_fields}
    pack = packs.evidence(260)
    more = {name: getattr(given, name) for name in Gathered.model_fields}
    return pack.model_copy(update={"indicators": Indicators(**figures), **more})
