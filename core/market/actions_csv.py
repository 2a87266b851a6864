"""Files of splits and dividends: `date,kind,value`, one a row, a header first."""

from datetime import date
from decimal import Decimal
from pathlib import Path

from core.domain.actions import ActionKind, CorporateAction
from core.market.csv_rows import a_date, a_positive, read_rows, shown

COLUMNS = ("date", "kind", "value")


def read_actions(vendor: str, path: Path, ticker: str, start: date, end: date) -> tuple[CorporateAction, ...]:
    """Return the actions of `path` with an ex-date from `start` to `end`, both included, in its order.

    A file that does not exist gives none. Every row of the file must be whole, also outside the range;
    columns beyond the three are passed over.

    Raises:
        BadVendorData: names the file, the line and the fault.
    """

    def read(cells: list[str]) -> CorporateAction:
        day, kind, value = cells
        if kind not in set(ActionKind):
            raise ValueError(f"kind {shown(kind)} is neither split nor dividend")
        return CorporateAction(
            ticker=ticker,
            kind=ActionKind(kind),
            ex_date=a_date(day),
            value=a_positive("value", value, "number", Decimal),
            source=vendor,
        )

    return tuple(
        action for action in read_rows(vendor, path, COLUMNS, read) if start <= action.ex_date <= end
    )
