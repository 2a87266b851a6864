"""The frozen pack of data that every member of a run sees. Pure: the same bars give the same bytes."""

from datetime import UTC

from core.domain.bars import BarSeries, Quote
from core.domain.evidence import Evidence
from core.domain.evidence_items import NOTHING_GATHERED, Gathered
from core.market.indicators import indicators

EVIDENCE_BARS = 260
"""Sessions whose bars the pack holds: a year and a little, so that every return in it can be checked."""


def build_evidence(
    series: BarSeries, *, session_open: bool, gathered: Gathered = NOTHING_GATHERED
) -> Evidence:
    """Return the pack for `series.as_of`.

    The quote is the price of the moment if the series has the running session, and otherwise the close of
    the last session that had closed. `session_open` says whether the instrument's next session was already
    under way (`MarketCalendar.of(ticker).is_open(as_of)`). Indicators use every closed bar of the series,
    also those that are too old to be shown.
    """
    as_of = series.as_of.astimezone(UTC)
    last = series.running or series.last
    return Evidence(
        ticker=series.ticker,
        as_of=as_of,
        converted_from=None if series.currency == "USD" else series.currency,
        source=series.source,
        caveat=series.caveat,
        quote=Quote(price=last.close, at=as_of, session=last.date, session_open=session_open),
        indicators=indicators(series.bars),
        bars=series.bars[-EVIDENCE_BARS:],
        **{name: getattr(gathered, name) for name in Gathered.model_fields},
    )
