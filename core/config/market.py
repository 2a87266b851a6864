"""`[market]`: the vendors, and how much of what they give goes into the evidence."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from core.config.field_types import HttpAddress, HttpAddressOrNone, Name, Seconds, Text, TickerFile
from core.config.secret import SecretRef
from core.domain.values import Frozen

PriceVendorName = Literal["yfinance", "alpha_vantage", "csv", "sample"]
NewsVendorName = Literal["yfinance", "alpha_vantage"]
FundamentalsVendorName = Literal["yfinance", "alpha_vantage"]
SentimentVendorName = Literal["alpha_vantage", "stocktwits", "reddit"]
MacroVendorName = Literal["fred"]


class CsvVendor(Frozen):
    """Daily bars from files `date,open,high,low,close,volume`, actions from `date,kind,value`."""

    dir: str = ""
    pattern: TickerFile = "{ticker}.csv"
    actions: TickerFile = "{ticker}.actions.csv"

    @model_validator(mode="after")
    def _files_differ(self) -> "CsvVendor":
        if self.actions == self.pattern:
            raise ValueError("actions and pattern name the same file; bars and actions are two files")
        return self


class YfinanceVendor(Frozen):
    """Live prices from Yahoo. `base_url` empty means Yahoo's own address."""

    base_url: HttpAddressOrNone = ""
    timeout_s: Seconds = 10.0


class AlphaVantageVendor(Frozen):
    """Live prices from Alpha Vantage."""

    base_url: HttpAddress = "https://www.alphavantage.co"
    key: SecretRef = SecretRef("env:ALPHA_VANTAGE_API_KEY")
    timeout_s: Seconds = 10.0


class StocktwitsVendor(Frozen):
    """Posts from StockTwits, which needs no key."""

    base_url: HttpAddress = "https://api.stocktwits.com"
    timeout_s: Seconds = 10.0


class RedditVendor(Frozen):
    """Posts from Reddit's public pages; they need no key, but a `user_agent` that names the operator."""

    base_url: HttpAddress = "https://www.reddit.com"
    subreddits: tuple[Name, ...] = ("stocks", "investing", "wallstreetbets")
    user_agent: Text = "conclave/1 (paper trading committee)"
    timeout_s: Seconds = 10.0


class FredVendor(Frozen):
    """Series of the Federal Reserve Bank of St. Louis, as they were known at the time."""

    base_url: HttpAddress = "https://api.stlouisfed.org"
    key: SecretRef = SecretRef("env:FRED_API_KEY")
    series: tuple[Name, ...] = ("FEDFUNDS", "DGS10", "CPIAUCSL", "UNRATE", "GDP")
    timeout_s: Seconds = 10.0


class EvidenceLimits(Frozen):
    """How much of each kind goes into the evidence, and for how long a vendor's answer is used again.

    `*_days` say how far back items may lie. Where only the end of a fiscal period is known, its figures count
    from `quarter_lag_days` or `year_lag_days` after it. Times to live in seconds.
    """

    news_items: Annotated[int, Field(ge=0, le=200)] = 20
    news_days: Annotated[int, Field(ge=1, le=365)] = 7
    news_characters: Annotated[int, Field(ge=0, le=100_000)] = 8_000
    sentiment_items: Annotated[int, Field(ge=0, le=200)] = 20
    sentiment_days: Annotated[int, Field(ge=1, le=365)] = 7
    sentiment_characters: Annotated[int, Field(ge=0, le=100_000)] = 4_000
    filings: Annotated[int, Field(ge=0, le=40)] = 6
    macro_readings: Annotated[int, Field(ge=0, le=60)] = 3
    quarter_lag_days: Annotated[int, Field(ge=0, le=400)] = 45
    year_lag_days: Annotated[int, Field(ge=0, le=400)] = 90
    news_ttl_s: Seconds = 600.0
    sentiment_ttl_s: Seconds = 600.0
    fundamentals_ttl_s: Seconds = 43_200.0
    macro_ttl_s: Seconds = 43_200.0
    identity_ttl_s: Seconds = 86_400.0


class Market(Frozen):
    """Vendors; each list is a fallback chain, in order. `max_age_sessions` is when a last bar is stale.

    `news` and `fundamentals` left out are the vendors of `prices` that have them.
    """

    prices: Annotated[tuple[PriceVendorName, ...], Field(min_length=1)] = ("yfinance", "alpha_vantage")
    news: tuple[NewsVendorName, ...] | None = None
    fundamentals: tuple[FundamentalsVendorName, ...] | None = None
    sentiment: tuple[SentimentVendorName, ...] = ()
    macro: tuple[MacroVendorName, ...] = ()
    max_age_sessions: Annotated[int, Field(ge=1, le=60)] = 3
    csv: CsvVendor = CsvVendor()
    yfinance: YfinanceVendor = YfinanceVendor()
    alpha_vantage: AlphaVantageVendor = AlphaVantageVendor()
    stocktwits: StocktwitsVendor = StocktwitsVendor()
    reddit: RedditVendor = RedditVendor()
    fred: FredVendor = FredVendor()
    evidence: EvidenceLimits = EvidenceLimits()
