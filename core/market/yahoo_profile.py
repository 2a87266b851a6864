"""What Yahoo tells of an instrument as it stands now: what it is, and the ratios of this moment."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from core.domain.errors import BadVendorData
from core.domain.evidence_items import Identity, Snapshot, plain
from core.market.currencies import currency_from
from core.market.figures import snapshot_figures
from core.market.yahoo_values import Fields, fields, number, text

IDENTITY_MODULES = ("price", "assetProfile")
SNAPSHOT_MODULES = ("price", "summaryDetail", "defaultKeyStatistics", "financialData")

_KINDS = {
    "EQUITY": "stock",
    "ETF": "etf",
    "CRYPTOCURRENCY": "crypto",
    "INDEX": "index",
    "MUTUALFUND": "fund",
    "CURRENCY": "currency",
    "FUTURE": "future",
    "OPTION": "option",
}
_NO_INSTRUMENT = "NONE"
_PLACES = ("summaryDetail", "defaultKeyStatistics", "financialData", "price")
"""Where a ratio is looked for, in order: some stand in several."""
_FIGURES = {
    "market cap": "marketCap",
    "trailing PE": "trailingPE",
    "forward PE": "forwardPE",
    "price to book": "priceToBook",
    "dividend yield": "dividendYield",
    "beta": "beta",
    "price to sales": "priceToSalesTrailing12Months",
    "EV to EBITDA": "enterpriseToEbitda",
    "return on equity": "returnOnEquity",
}
"""The names of `core.market.figures`, and Yahoo's."""


class _Result(BaseModel):
    result: list[dict[str, Any]] = Field(min_length=1)


class _Answer(BaseModel):
    quoteSummary: _Result  # noqa: N815 - Yahoo's name


def read_identity(vendor: str, symbol: str, body: object) -> Identity | None:
    """Return what the instrument is, or None if Yahoo says that the ticker stands for none.

    Without a name that can be read, the symbol is the name. The currency is an ISO 4217 code: pounds for what
    is quoted in pence.

    Raises:
        BadVendorData: the answer is of another shape.
    """
    modules = _modules(vendor, body)
    price, profile = fields(modules.get("price")), fields(modules.get("assetProfile"))
    kind = text(price.get("quoteType"))
    if not kind:
        raise BadVendorData(vendor, f"{symbol}: the answer does not say what the instrument is")
    if kind == _NO_INSTRUMENT:
        return None
    names = (plain(text(price.get(name))) for name in ("longName", "shortName"))
    return Identity(
        vendor=vendor,
        name=next((str(name) for name in names if name), symbol),
        kind=_KINDS.get(kind, ""),
        exchange=text(price.get("exchangeName")),
        currency=_currency(vendor, symbol, price),
        sector=text(profile.get("sector")),
        industry=text(profile.get("industry")),
    )


def read_snapshot(vendor: str, symbol: str, body: object, at: datetime) -> Snapshot | None:
    """Return the ratios of the moment `at`, in fixed order; None if Yahoo has none of them.

    Order, units and places are those of `snapshot_figures`; the dividend yield is a fraction.

    Raises:
        BadVendorData: the answer is of another shape.
    """
    modules = _modules(vendor, body)
    places = [fields(modules.get(name)) for name in _PLACES]
    found = {name: _first(key, places) for name, key in _FIGURES.items()}
    told = {name: value for name, value in found.items() if value is not None}
    figures = snapshot_figures(told, _currency(vendor, symbol, fields(modules.get("price"))))
    return Snapshot(vendor=vendor, at=at, figures=figures) if figures else None


def _modules(vendor: str, body: object) -> Fields:
    try:
        return _Answer.model_validate(body).quoteSummary.result[0]
    except ValidationError:
        raise BadVendorData(vendor, "the answer about the instrument is not of the known shape") from None


def _first(key: str, places: Iterable[Fields]) -> Decimal | None:
    told = (number(place.get(key)) for place in places)
    return next((value for value in told if value is not None), None)


def _currency(vendor: str, symbol: str, price: Fields) -> str:
    """Return the code of the currency, or nothing for one that is not known."""
    try:
        return currency_from(vendor, symbol, text(price.get("currency"))).code
    except BadVendorData:
        return ""
