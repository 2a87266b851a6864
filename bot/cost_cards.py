"""The card that tells what model calls have cost."""

from bot.button import Button
from core.domain.values import Frozen


class CostRow(Frozen):
    """One group in words: its cost and share, how many calls and how many were answered, latencies, price.

    `latency` is "2.1 s / 8.4 s", the median and the 95th percentile, `decision` what one ballot has cost.
    What is not known is "n/a".
    """

    name: str
    cost: str
    share: str
    calls: str
    answered: str
    latency: str
    decision: str


class CostCard(Frozen):
    """Costs of a time. `facts` are label and value pairs about all calls.

    `head` stands above the rows: "By model". `left` has a line a limit of today, `notes` are sentences that
    must be read with the figures; `more` says how many rows were left out. `note` is about the post itself.
    """

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    left: tuple[str, ...] = ()
    head: str
    rows: tuple[CostRow, ...] = ()
    more: int = 0
    notes: tuple[str, ...] = ()
    footer: str
    note: str | None = None
    buttons: tuple[Button, ...] = ()


UNKNOWN = "n/a"
"""What stands for a figure that nobody knows, or that too few observations would tell."""
HEADS = ("Cost", "Share", "Calls", "OK", "p50 / p95", "A decision")
"""The heads of all columns but the first."""


def details_of(row: CostRow) -> tuple[str, ...]:
    """Return what there is to say of a row beside its cost, for where there is no room for a table."""
    return (
        f"{row.share} of all",
        f"{row.answered} of {row.calls} OK",
        f"latency {UNKNOWN}" if row.latency == UNKNOWN else row.latency,
        f"{row.decision} a decision",
    )


def cells_of(row: CostRow) -> tuple[str, ...]:
    """Return the cells of a row under `HEADS`."""
    return row.cost, row.share, row.calls, row.answered, row.latency, row.decision
