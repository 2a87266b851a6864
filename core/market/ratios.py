"""Ratios that follow from the figures of statements. Pure.

After CFA Institute, *Financial Analysis Techniques* (CFA Program curriculum):

* gross margin = gross profit / revenue
* operating margin = operating income / revenue
* net margin = net income / revenue
* debt to equity = total debt / equity
* revenue growth = (revenue - revenue of the same period a year before) / revenue of that period

A ratio is left out where a figure is missing, where its two figures are in different currencies, or where it
would be divided by zero or less. "A year before" is 350 to 380 days, since a fiscal year of 52 or 53 weeks
ends on another day each time.
"""

from collections.abc import Iterable
from decimal import Decimal

from core.domain.evidence_items import Figure, Filing
from core.domain.values import to_ratio

REVENUE = "revenue"
GROSS_PROFIT = "gross profit"
OPERATING_INCOME = "operating income"
NET_INCOME = "net income"
EQUITY = "equity"
TOTAL_DEBT = "total debt"

_PARTS = (
    ("gross margin", GROSS_PROFIT, REVENUE),
    ("operating margin", OPERATING_INCOME, REVENUE),
    ("net margin", NET_INCOME, REVENUE),
    ("debt to equity", TOTAL_DEBT, EQUITY),
)
_GROWTH = "revenue growth"
_YEAR_DAYS = (350, 380)
_LARGEST = Decimal(10**12)
_RATIO = "ratio"


def with_ratios(filings: Iterable[Filing]) -> tuple[Filing, ...]:
    """Return the filings, each with its ratios after its figures: fractions of four places, unit `ratio`."""
    known = tuple(filings)
    return tuple(_with_ratios(filing, _year_before(filing, known)) for filing in known)


def _with_ratios(filing: Filing, before: Filing | None) -> Filing:
    ratios = [_figure(name, _value(filing, part, whole)) for name, part, whole in _PARTS]
    ratios.append(_figure(_GROWTH, _growth(filing, before)))
    return filing.model_copy(update={"figures": (*filing.figures, *(r for r in ratios if r is not None))})


def _value(filing: Filing, part: str, whole: str) -> Decimal | None:
    return _divided(_named(filing, part), _named(filing, whole))


def _growth(filing: Filing, before: Filing | None) -> Decimal | None:
    if before is None:
        return None
    times = _divided(_named(filing, REVENUE), _named(before, REVENUE))
    return None if times is None else times - 1


def _divided(part: Figure | None, whole: Figure | None) -> Decimal | None:
    if part is None or whole is None or part.unit != whole.unit or whole.value <= 0:
        return None
    return part.value / whole.value


def _figure(name: str, value: Decimal | None) -> Figure | None:
    if value is None or abs(value) > _LARGEST:
        return None
    return Figure(name=name, value=to_ratio(value), unit=_RATIO)


def _named(filing: Filing, name: str) -> Figure | None:
    return next((figure for figure in filing.figures if figure.name == name), None)


def _year_before(filing: Filing, known: tuple[Filing, ...]) -> Filing | None:
    shortest, longest = _YEAR_DAYS
    return next(
        (
            other
            for other in known
            if other.annual == filing.annual
            and shortest <= (filing.period_end - other.period_end).days <= longest
        ),
        None,
    )
