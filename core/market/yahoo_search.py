"""Yahoo's search, for what may have been meant by a ticker that no vendor knows.

It is only a help: whoever asks soon gets nothing rather than a failure, and Yahoo is left alone for a while
where it could not be asked. The names are from outside, and go into sentences of ours: only letters, digits
and the signs of plain names are kept of them, so that none can be a command, a mention or markup.
"""

import logging
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

from core.clock import Clock
from core.config.market import YfinanceVendor as YfinanceSettings
from core.domain.errors import BadTicker, BadVendorData, VendorFailure
from core.domain.evidence_items import plain
from core.domain.instrument import parse_ticker
from core.market.vendor_pace import Rate, VendorPace
from core.market.yahoo_asking import YahooAsking, json_answer
from core.market.yahoo_values import Fields, fields, text

if TYPE_CHECKING:
    from core.market.yahoo_gate import YahooGate

log = logging.getLogger(__name__)

LIMIT_S = 4.0
"""So long is waited for a suggestion at most, in seconds; for less where Yahoo's own limit is shorter."""
KEPT_S = 3600.0
RESTS_S = 60.0
"""For so long nothing is asked after a failure."""
_MOST_KEPT = 256
_MOST_READ = 20
_MOST_OF_A_NAME = 60
_RATE = Rate(30, 60.0)
_TRADED = {"EQUITY", "ETF", "CRYPTOCURRENCY", "INDEX", "MUTUALFUND", "CURRENCY", "FUTURE"}
_SIGNS_OF_NAMES = frozenset(" &.,'-+")


class Listing(NamedTuple):
    """An instrument by its ticker, as Yahoo writes it, and its name, which may be empty."""

    ticker: str
    name: str


class YahooSearch:
    """Looks for instruments. Answers are kept for an hour, those about 256 words at most."""

    name: str = "yfinance"

    def __init__(self, settings: YfinanceSettings, clock: Clock) -> None:
        limit_s = min(settings.timeout_s, LIMIT_S)
        self._yahoo = YahooAsking(self.name, settings.model_copy(update={"timeout_s": limit_s}))
        self._clock = clock
        self._pace = VendorPace(self.name, _RATE, clock)
        self._kept: OrderedDict[str, tuple[float, tuple[Listing, ...]]] = OrderedDict()
        self._rests_until = clock.monotonic()

    async def like(self, word: str) -> tuple[Listing, ...]:
        """Return the instruments whose ticker or name is like `word`, the likeliest first.

        None where there is none, or where Yahoo cannot be asked now; never raises a `VendorFailure`.
        """
        now = self._clock.monotonic()
        kept = self._kept.get(word)
        if kept is not None and now < kept[0]:
            return kept[1]
        if now < self._rests_until:
            return ()
        try:
            await self._pace.admit(0.0)
            found = await self._yahoo.ask(lambda gate: listings(self.name, _answer(gate, word)))
        except VendorFailure as failure:
            log.info("nothing can be suggested for a ticker: %s", failure)
            self._rests_until = self._clock.monotonic() + RESTS_S
            return ()
        self._kept[word] = self._clock.monotonic() + KEPT_S, found or ()
        self._kept.move_to_end(word)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return found or ()

    def close(self) -> None:
        """Close the connections."""
        self._yahoo.close()


def listings(vendor: str, body: object) -> tuple[Listing, ...]:
    """Return what can be traded among the answers, in Yahoo's order, each ticker once.

    Raises:
        BadVendorData: the answer is of another shape.
    """
    quotes = fields(body).get("quotes")
    if not isinstance(quotes, list):
        raise BadVendorData(vendor, "the answer to a search is not of the known shape")
    found = (_listing(fields(quote)) for quote in quotes[:_MOST_READ])
    return tuple({one.ticker: one for one in found if one is not None}.values())


def _listing(quote: Fields) -> Listing | None:
    symbol = text(quote.get("symbol"))
    try:
        known = parse_ticker(symbol) == symbol
    except BadTicker:
        return None
    if not known or text(quote.get("quoteType")) not in _TRADED:
        return None
    names = (_name(text(quote.get(field))) for field in ("longname", "shortname"))
    return Listing(symbol, next((name for name in names if name), ""))


def _name(told: str) -> str:
    """Return a name in one short line that nothing but its words can be read out of."""
    kept = "".join(sign for sign in str(plain(told)) if sign.isalnum() or sign in _SIGNS_OF_NAMES)
    line = " ".join(kept.split())
    return line if len(line) <= _MOST_OF_A_NAME else f"{line[: _MOST_OF_A_NAME - 2].rstrip()} …"


def _answer(gate: "YahooGate", word: str) -> Any:
    query = {
        "q": word,
        "quotesCount": "8",
        "newsCount": "0",
        "listsCount": "0",
        "enableFuzzyQuery": "true",
        "quotesQueryId": "tss_match_phrase_query",
    }
    return json_answer(gate, "/v1/finance/search", query)
