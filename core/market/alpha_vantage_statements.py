"""Alpha Vantage's statements and earnings, read as the figures of fiscal periods.

Diluted earnings a share are left out: the service has earnings a share only as companies present them, often
adjusted, and statements have none.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, Field

from core.domain.errors import BadVendorData
from core.domain.evidence_items import Filing
from core.market.alpha_vantage_http import NAME
from core.market.alpha_vantage_values import CurrencyOrNothing, Day, OptionalDay, OptionalNumber
from core.market.figures import Amount, figures_by_period

_SAME_PERIOD = timedelta(days=7)
"""So far apart the ends of one period may be told: some years end on the last Saturday of a month."""
_LATEST_REPORT = timedelta(days=400)


class _Report(BaseModel):
    period_end: Day = Field(alias="fiscalDateEnding")
    currency: CurrencyOrNothing = Field("", alias="reportedCurrency")

    @property
    def figures(self) -> dict[str, Decimal]:
        """What this statement tells, by the names of `core.market.figures`."""
        return {
            name.replace("_", " "): value
            for name in type(self).model_fields.keys() - _Report.model_fields.keys()
            if (value := getattr(self, name)) is not None
        }


class IncomeReport(_Report):
    """One period of INCOME_STATEMENT."""

    revenue: OptionalNumber = Field(None, alias="totalRevenue")
    gross_profit: OptionalNumber = Field(None, alias="grossProfit")
    operating_income: OptionalNumber = Field(None, alias="operatingIncome")
    net_income: OptionalNumber = Field(None, alias="netIncome")


class BalanceReport(_Report):
    """One period of BALANCE_SHEET."""

    total_assets: OptionalNumber = Field(None, alias="totalAssets")
    total_liabilities: OptionalNumber = Field(None, alias="totalLiabilities")
    equity: OptionalNumber = Field(None, alias="totalShareholderEquity")
    cash: OptionalNumber = Field(None, alias="cashAndCashEquivalentsAtCarryingValue")
    total_debt: OptionalNumber = Field(None, alias="shortLongTermDebtTotal")
    shares_outstanding: OptionalNumber = Field(None, alias="commonStockSharesOutstanding")


class CashReport(_Report):
    """One period of CASH_FLOW."""

    operating_cash_flow: OptionalNumber = Field(None, alias="operatingCashflow")
    capital_expenditure: OptionalNumber = Field(None, alias="capitalExpenditures")


R = TypeVar("R", bound=_Report)


class Statement(BaseModel, Generic[R]):
    """The body of an answer."""

    symbol: str
    annual: Annotated[tuple[R, ...], Field(max_length=400)] = Field((), alias="annualReports")
    quarterly: Annotated[tuple[R, ...], Field(max_length=400)] = Field((), alias="quarterlyReports")


class _Earned(BaseModel):
    period_end: Day = Field(alias="fiscalDateEnding")
    reported_on: OptionalDay = Field(None, alias="reportedDate")


class Earnings(BaseModel):
    """The body of EARNINGS, from which only the days of the reports are taken."""

    symbol: str
    quarterly: Annotated[tuple[_Earned, ...], Field(max_length=400)] = Field((), alias="quarterlyEarnings")


@dataclass
class _Period:
    """What the statements tell together about one period."""

    currency: str
    figures: dict[str, Decimal] = field(default_factory=dict)


def filings_from(
    ticker: str,
    statements: Sequence[Statement[IncomeReport] | Statement[BalanceReport] | Statement[CashReport]],
    earnings: Earnings | None,
) -> tuple[Filing, ...]:
    """Return one filing a period, annual ones first, the newest first among each.

    Their days are those on which the earnings of the period were reported, a year's with its last quarter's:
    the service does not tell when statements were filed, which is often some days later.
    Periods of which nothing is told are left out.

    Raises:
        BadVendorData: the statements of one period are in two currencies.
    """
    days = {told.period_end: told.reported_on for told in reversed(earnings.quarterly if earnings else ())}
    annual = _together(ticker, (report for told in statements for report in told.annual))
    quarterly = _together(ticker, (report for told in statements for report in told.quarterly))
    return (*_filings(annual, days, annual=True), *_filings(quarterly, days, annual=False))


def _together(ticker: str, reports: Iterable[_Report]) -> dict[date, _Period]:
    periods: dict[date, _Period] = {}
    for report in reports:
        period = periods.setdefault(report.period_end, _Period(report.currency))
        if report.currency and period.currency and report.currency != period.currency:
            fault = f"{ticker}: the statements to {report.period_end} are in two currencies"
            raise BadVendorData(NAME, fault)
        period.currency = period.currency or report.currency
        period.figures = {**report.figures, **period.figures}  # of two for one period the first one stands
    return periods


def _filings(
    periods: Mapping[date, _Period], days: Mapping[date, date | None], *, annual: bool
) -> Iterator[Filing]:
    told = {
        end: {name: Amount(value, period.currency) for name, value in period.figures.items()}
        for end, period in periods.items()
    }
    for end, figures in figures_by_period(told):
        day = _reported_on(end, days)
        yield Filing(vendor=NAME, period_end=end, annual=annual, figures=figures, reported_on=day)


def _reported_on(end: date, days: Mapping[date, date | None]) -> date | None:
    period = min(days, key=lambda told: abs(told - end), default=None)
    if period is None or abs(period - end) > _SAME_PERIOD:
        return None
    reported = days[period]
    # A report before the end of its period, or years after it, is a mistake that would let figures be
    # known too early, or never.
    if reported is None or not end < reported <= end + _LATEST_REPORT:
        return None
    return reported
