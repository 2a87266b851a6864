"""What dashboards are made of: rows of panels, and the queries that many panels have."""

from collections.abc import Sequence
from typing import NamedTuple

BAD_IF_ZERO = ((None, "red"), (1, "green"))
BAD_IF_ANY = ((None, "green"), (1, "orange"))
MODELS = '{provider=~"$provider",model=~"$model"}'
MEMBERS = '{member=~"$member"}'
Steps = Sequence[tuple[float | None, str]]


class Panel(NamedTuple):
    """One picture: what it shows, as pairs of a query and the name of its lines, and how wide and high it is.

    `now` asks for the last moment alone. `kind` is a panel type of Grafana.
    """

    title: str
    says: str
    queries: Sequence[tuple[str, str]]
    kind: str = "timeseries"
    unit: str = "short"
    width: int = 12
    height: int = 8
    now: bool = False
    stacked: bool = False
    steps: Steps = ((None, "green"),)
    highest: float | None = None
    maps: tuple[tuple[str, str, str], ...] = ()


class Row(NamedTuple):
    """A headline and the panels below it."""

    title: str
    panels: Sequence[Panel]


def quantiles(
    metric: str, by: str, where: str = "", window: str = "$__rate_interval"
) -> list[tuple[str, str]]:
    """Return the queries of the median and of the 95th percentile of a histogram, for each value of `by`."""
    return [
        (
            f"histogram_quantile({part}, sum by (le, {by}) (rate({metric}_bucket{where}[{window}])))",
            f"{{{{{by}}}}} {name}",
        )
        for part, name in ((0.5, "p50"), (0.95, "p95"))
    ]


def mean(metric: str, by: str, where: str = "") -> list[tuple[str, str]]:
    """Return the query of the mean of a histogram over the time shown, for each value of `by`."""
    total, count = (
        f"sum by ({by}) (increase({metric}_{part}{where}[$__range]))" for part in ("sum", "count")
    )
    return [(f"{total} / {count}", f"{{{{{by}}}}}")]


def gained(metric: str, by: str, where: str = "", window: str = "$__rate_interval") -> tuple[str, str]:
    """Return the query of what a counter has gained, for each value of `by`.

    Over the whole time shown, what has gained nothing is left out.
    """
    legend = " ".join(f"{{{{{label}}}}}" for label in by.split(", "))
    query = f"sum by ({by}) (increase({metric}{where}[{window}]))"
    return f"{query} > 0" if window == "$__range" else query, legend
