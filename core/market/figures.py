"""The figures of a fiscal period: their names, their order, and the ratios that follow from them. Pure.

The same for all vendors of statements, so that a member reads the same words whoever told the figures.
"""

from collections.abc import Mapping
from decimal import Decimal

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
"""A figure nearer to zero than ten to this power is junk, and what is divided by it could have no end."""


def period_figures(
    told: Mapping[str, Decimal], currency: str, year_before: Mapping[str, Decimal] | None = None
) -> tuple[Figure, ...]:
    """Return the figures of a period by `STATEMENT_FIGURES`, then its ratios by `STATEMENT_RATIOS`.

    `told` and `year_before` (the same period a year earlier, in the same currency) hold figures by name. What
    is not told, not finite, beyond 10**18, next to nothing or of another name is left out, and so is each
    ratio that needs it. Capital expenditure is given as what was spent, above zero, because vendors differ
    in its sign.

    Ratios have four places. Their definitions:

    * gross, operating and net margin: gross profit, operating income and net income, each over revenue;
      debt to equity: total debt over equity (CFA Institute, Financial Statement Analysis, "Financial Analysis
      Techniques", profitability and solvency ratios). No margin without revenue above zero, and no debt to
      equity without equity above zero, where they would mean nothing.
    * free cash flow: operating cash flow less capital expenditure (US SEC, Non-GAAP Financial Measures,
      Compliance and Disclosure Interpretations, question 102.07); the vendor's own where one of both lacks.
    * revenue growth: revenue over revenue a year before, less one; that one must be above zero.
    """
    known = _known(told)
    before = _known(year_before or {})
    units = {"shares outstanding": SHARES}
    figures = [(name, known[name], units.get(name, currency)) for name in STATEMENT_FIGURES if name in known]
    ratios = {
        "gross margin": _over(known.get("gross profit"), known.get("revenue")),
        "operating margin": _over(known.get("operating income"), known.get("revenue")),
        "net margin": _over(known.get("net income"), known.get("revenue")),
        "debt to equity": _over(known.get("total debt"), known.get("equity")),
        "revenue growth": _growth(known.get("revenue"), before.get("revenue")),
    }
    found = [(name, ratio, RATIO) for name in STATEMENT_RATIOS if (ratio := ratios[name]) is not None]
    return tuple(Figure(name=name, value=value, unit=unit) for name, value, unit in (*figures, *found))


def snapshot_figures(told: Mapping[str, Decimal], currency: str) -> tuple[Figure, ...]:
    """Return the figures of a moment by `SNAPSHOT_FIGURES`, ratios with four places.

    What is not told, not finite, beyond 10**18, next to nothing or of another name is left out.
    """
    return tuple(
        Figure(name=name, value=+told[name], unit=currency)
        if name == "market cap"
        else Figure(name=name, value=to_ratio(told[name]), unit=RATIO)
        for name in SNAPSHOT_FIGURES
        if name in told and _is_sane(told[name])
    )


def _known(told: Mapping[str, Decimal]) -> dict[str, Decimal]:
    known = {name: +value for name, value in told.items() if _is_sane(value)}  # "+" cuts endless digits
    spent, earned = known.get("capital expenditure"), known.get("operating cash flow")
    if spent is not None:
        spent = known["capital expenditure"] = abs(spent)
    if spent is not None and earned is not None:
        known["free cash flow"] = earned - spent
    return {name: value for name, value in known.items() if _is_sane(value)}


def _is_sane(value: Decimal) -> bool:
    if not value.is_finite():
        return False
    return value.is_zero() or (value.adjusted() >= _SMALLEST_POWER and abs(value) <= _MOST)


def _over(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    if part is None or whole is None or whole <= 0:
        return None
    return _sized(part / whole)


def _growth(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    if now is None or before is None or before <= 0:
        return None
    return _sized(now / before - 1)


def _sized(ratio: Decimal) -> Decimal | None:
    return to_ratio(ratio) if abs(ratio) <= _MOST else None
