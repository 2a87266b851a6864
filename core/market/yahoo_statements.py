"""Yahoo's statements: income, balance sheet and cash flow of a fiscal period, merged into one filing.

Yahoo gives each figure as a series of its own. It does not say when a period's figures were filed, and shows
them as they stand today: where a company has restated a period, the first figures are gone.
"""

import re
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ValidationError

from core.domain.errors import BadVendorData
from core.domain.evidence_items import Filing
from core.market.figures import Amount, figures_by_period
from core.market.yahoo_values import number, text

_FIGURES = {
    "TotalRevenue": "revenue",
    "GrossProfit": "gross profit",
    "OperatingIncome": "operating income",
    "NetIncome": "net income",
    "DilutedEPS": "diluted EPS",
    "TotalAssets": "total assets",
    "TotalLiabilitiesNetMinorityInterest": "total liabilities",
    "StockholdersEquity": "equity",
    "CashAndCashEquivalents": "cash",
    "TotalDebt": "total debt",
    "OperatingCashFlow": "operating cash flow",
    "CapitalExpenditure": "capital expenditure",
    "FreeCashFlow": "free cash flow",
    "OrdinarySharesNumber": "shares outstanding",
}
"""Yahoo's names, and those of `core.market.figures`."""
_ANNUAL = "annual"
_MONTHS = {_ANNUAL: "12M", "quarterly": "3M"}
_PERIOD = re.compile(r"\d{1,2}M", re.ASCII)
_CURRENCY = re.compile(r"[A-Za-z]{3}", re.ASCII)
FIGURE_TYPES = tuple(f"{often}{name}" for often in _MONTHS for name in _FIGURES)
"""The series to ask for."""

Periods = dict[date, dict[str, Amount]]


def _iso_day(value: object) -> object:
    # Pydantic would take a number for seconds since 1970.
    if not isinstance(value, str):
        raise ValueError("must be a day as text")  # noqa: TRY004 - Pydantic wants ValueError
    return value


class _Series(BaseModel):
    result: list[dict[str, Any]] | None


class _Answer(BaseModel):
    timeseries: _Series


class _Point(BaseModel):
    """One figure of one period; `reportedValue` may be empty or NaN where Yahoo has no figure."""

    asOfDate: Annotated[date, BeforeValidator(_iso_day)]  # noqa: N815 - Yahoo's name
    reportedValue: Any  # noqa: N815 - Yahoo's name
    periodType: str = ""  # noqa: N815 - Yahoo's name
    currencyCode: str | None = None  # noqa: N815 - Yahoo's name


def read_statements(vendor: str, body: object, today: date) -> tuple[Filing, ...]:
    """Return one filing a period that has ended by `today`, newest first, annual before quarterly.

    Raises:
        BadVendorData: the answer is of another shape, or has figures of which not one can be read.
    """
    try:
        answer = _Answer.model_validate(body)
    except ValidationError:
        raise BadVendorData(vendor, "the answer with the statements is not of the known shape") from None
    found: dict[str, Periods] = {often: {} for often in _MONTHS}
    told = sum(_read_series(series, found) for series in answer.timeseries.result or ())
    if told and not any(found.values()):
        raise BadVendorData(vendor, "not one figure of the statements can be read")
    filings = [
        Filing(vendor=vendor, period_end=end, annual=often == _ANNUAL, figures=figures)
        for often, periods in found.items()
        for end, figures in figures_by_period(periods)
        if end <= today
    ]
    return tuple(sorted(filings, key=lambda filing: filing.period_end, reverse=True))


def _read_series(series: dict[str, Any], found: dict[str, Periods]) -> int:
    """Add the figures of one series to their periods, and return how many points it has."""
    told = 0
    for often, periods in found.items():
        for name in _FIGURES:
            points = series.get(f"{often}{name}")
            if not isinstance(points, list):
                told += points is not None
                continue
            for point in points:
                told += point is not None
                _read_point(name, point, _MONTHS[often], periods)
    return told


def _read_point(name: str, told: object, months: str, periods: Periods) -> None:
    try:
        point = _Point.model_validate(told)
    except ValidationError:
        return
    # Some companies report half-years, which must not pass for quarters.
    if _PERIOD.fullmatch(point.periodType) and point.periodType != months:
        return
    amounts = periods.setdefault(point.asOfDate, {})
    value = number(point.reportedValue)
    if value is None:
        return
    currency = text(point.currencyCode)
    amounts[_FIGURES[name]] = Amount(value, currency if _CURRENCY.fullmatch(currency) else "")
