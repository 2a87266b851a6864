"""The use case behind the check for look-ahead."""

from datetime import datetime, timedelta

from core.clock import Clock
from core.config import Settings
from core.domain.errors import Refused
from core.domain.instrument import parse_ticker
from core.domain.lookahead import LookaheadReport
from core.market.calendar import MarketCalendar
from core.market.chain import build_chain
from core.market.gathering import Gatherer
from core.pipeline.lookahead import look_ahead

_BEFORE = timedelta(days=600)
_AFTER = timedelta(days=60)
"""So much of the future is asked for, that it can be changed."""


async def check_lookahead(
    settings: Settings, gatherer: Gatherer, clock: Clock, ticker: str, as_of: datetime
) -> LookaheadReport:
    """Prove, or disprove, that nothing from after `as_of` reaches a prompt about `ticker`.

    Every vendor that is configured is asked, those too that others of their chain stand before.

    Raises:
        BadTicker: the text is no ticker.
        Refused: the moment has not passed.
        NoPrices: no vendor had usable prices then.
    """
    ticker = parse_ticker(ticker)
    if as_of >= clock.now():
        raise Refused("A look-ahead is of the past. Name a day that has passed, such as --as-of 2024-06-03.")
    calendar = MarketCalendar()
    kept = (as_of - _BEFORE).date(), min(as_of + _AFTER, clock.now()).date()
    prices = build_chain(settings, calendar, clock, kept)
    try:
        return await look_ahead(settings, prices, gatherer, calendar, ticker, as_of)
    finally:
        await prices.close()
