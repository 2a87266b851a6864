"""The figures of a fiscal period: their names, their order, and the ratios that follow from them. Pure.

The same for all vendors of statements, so that a member reads the same words whoever told the figures.
"""

from collections.abc import Container, Iterator, Mapping
from datetime import date
from decimal import Context, Decimal
from typing import NamedTuple

from core.domain.evidence_items import Figure
from core.domain.values import to_ratio

RATIO = "ratio"
SHARES = "shares"
STATEMENT_FIGURES = (
    "revenue",
    "gross profit",
    "operating income",
    "net income",
    "diluted EPS",
    "total assets",
    "total liabilities",
    "equity",
    "cash",
    "total debt",
    "operating cash flow",
    "capital expenditure",
    "free cash flow",
    "shares outstanding",
)
"""All in the currency of the statement, diluted EPS in currency a share, shares outstanding in shares."""
STATEMENT_RATIOS = ("gross margin", "operating margin", "net margin", "debt to equity", "revenue growth")
SNAPSHOT_FIGURES = (
    "market cap",
    "trailing PE",
    "forward PE",
    "price to book",
    "dividend yield",
    "beta",
    "price to sales",
    "EV to EBITDA",
    "return on equity",
)
"""Market cap in the currency of the listing, all others ratios; yield and return as fractions."""
_MOST = Decimal(10**18)
_SMALLEST_POWER = -18
_DIGITS = Context(prec=28)
"""Endless digits are cut here, whatever precision somebody else has set."""
"""A figure nearer to zero than ten to this power is junk, and what is divided by it could have no end."""
_YEAR_DAYS = sorted(range(350, 381), key=lambda days: abs(days - 365))
"""So long a fiscal year may be, a calendar year first: one of 52 or 53 weeks ends on another day."""


class Amount(NamedTuple):
    """What a vendor tells of one figure; the currency is empty where nobody knows it."""

    value: Decimal
    currency: str


Amounts = Mapping[str, Amount]
"""What a vendor tells of one period, by the names of `STATEMENT_FIGURES`."""


def figures_by_period(periods: Mapping[date, Amounts]) -> Iterator[tuple[date, tuple[Figure, ...]]]:
    """Yield each period's end and `period_figures`, newest first; a period without any is left out.

    All are years, or all are quarters: revenue grows from the same period a year before.
    """
    for end in sorted(periods, reverse=True):
        before = year_before(end, periods)
        figures = period_figures(periods[end], None if before is None else periods[before])
        if figures:
            yield end, figures


def year_before(end: date, ends: Container[date]) -> date | None:
    """Return the one of `ends` that lies a year before `end`: 350 to 380 days, the nearest to 365."""
    ordinals = (end.toordinal() - days for days in _YEAR_DAYS)
    earlier = (date.fromordinal(ordinal) for ordinal in ordinals if ordinal > 0)
    return next((day for day in earlier if day in ends), None)


def period_figures(told: Amounts, before: Amounts | None = None) -> tuple[Figure, ...]:
    """Return the figures of a period by `STATEMENT_FIGURES`, then its ratios by `STATEMENT_RATIOS`.

    `before` is what is told of the same period a year earlier. What is not told, not finite, beyond 10**18,
    next to nothing or of another name is left out, and so is each ratio that needs it, or whose two figures
    are in different currencies. Capital expenditure is given as what was spent, above zero, because vendors
    differ in its sign.

    Ratios have four places. Their definitions:

    * gross, operating and net margin: gross profit, operating income and net income, each over revenue;
      debt to equity: total debt over equity (CFA Institute, Financial Statement Analysis, "Financial Analysis
      Techniques", profitability and solvency ratios). No margin without revenue above zero, and no debt to
      equity without equity above zero, where they would mean nothing.
    * free cash flow: operating cash flow less capital expenditure (US SEC, Non-GAAP Financial Measures,
      Compliance and Disclosure Interpretations, question 102.07); the vendor's own where one of both lacks,
      or is in another currency.
    * revenue growth: revenue over revenue a year before, less one; that one must be above zero.
    """
    known = _known(told)
    revenue = known.get("revenue")
    times = _over(revenue, _known(before or {}).get("revenue"))
    ratios = {
        "gross margin": _over(known.get("gross profit"), revenue),
        "operating margin": _over(known.get("operating income"), revenue),
        "net margin": _over(known.get("net income"), revenue),
        "debt to equity": _over(known.get("total debt"), known.get("equity")),
        "revenue growth": None if times is None else times - 1,
    }
    return (
        *(_figure(name, known[name]) for name in STATEMENT_FIGURES if name in known),
        *(
            Figure(name=name, value=to_ratio(ratio), unit=RATIO)
            for name in STATEMENT_RATIOS
            if (ratio := ratios[name]) is not None and abs(ratio) <= _MOST
        ),
    )


def snapshot_figures(told: Mapping[str, Decimal], currency: str) -> tuple[Figure, ...]:
    """Return the figures of a moment by `SNAPSHOT_FIGURES`, ratios with four places.

    What is not told, not finite, beyond 10**18, next to nothing or of another name is left out.
    """
    return tuple(
        Figure(name=name, value=_DIGITS.plus(told[name]), unit=currency)
        if name == "market cap"
        else Figure(name=name, value=to_ratio(told[name]), unit=RATIO)
        for name in SNAPSHOT_FIGURES
        if name in told and _is_sane(told[name])
    )


def _figure(name: str, told: Amount) -> Figure:
    return Figure(name=name, value=told.value, unit=SHARES if name == "shares outstanding" else told.currency)


def _known(told: Amounts) -> dict[str, Amount]:
    known = {
        name: one._replace(value=_DIGITS.plus(one.value)) for name, one in told.items() if _is_sane(one.value)
    }
    spent, earned = known.get("capital expenditure"), known.get("operating cash flow")
    if spent is not None:
        spent = known["capital expenditure"] = spent._replace(value=abs(spent.value))
    if spent is not None and earned is not None and spent.currency == earned.currency:
        known["free cash flow"] = earned._replace(value=earned.value - spent.value)
    return {name: one for name, one in known.items() if _is_sane(one.value)}


def _is_sane(value: Decimal) -> bool:
    if not value.is_finite():
        return False
    return value.is_zero() or (value.adjusted() >= _SMALLEST_POWER and abs(value) <= _MOST)


def _over(part: Amount | None, whole: Amount | None) -> Decimal | None:
    if part is None or whole is None or part.currency != whole.currency or whole.value <= 0:
        return None
    return part.value / whole.value
