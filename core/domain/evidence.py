"""The frozen pack of data that every member of a run sees."""

import hashlib
from decimal import Decimal
from functools import cached_property

from pydantic import AwareDatetime

from core.domain.bars import Bar, Quote
from core.domain.evidence_items import Absence, Filing, Identity, MacroReading, Mood, NewsItem, Snapshot
from core.domain.values import Frozen, Price, canonical_json

_LATER = ("converted_from", "identity", "snapshot", "macro", "absences")
_LATER_OF_A_FILING = ("reported_on",)


class Indicators(Frozen):
    """Figures computed from the bars up to `as_of`; None where the bars are too few.

    Prices in USD; RSI 0..100; returns and volatility as fractions; volume ratio is the last volume over
    the mean of the twenty sessions before it. Formulas and sources: `core.market.indicators`.
    """

    sma_20: Decimal | None = None
    sma_50: Decimal | None = None
    sma_200: Decimal | None = None
    ema_12: Decimal | None = None
    ema_26: Decimal | None = None
    macd: Decimal | None = None
    macd_signal: Decimal | None = None
    macd_histogram: Decimal | None = None
    rsi_14: Decimal | None = None
    atr_14: Decimal | None = None
    bollinger_upper: Decimal | None = None
    bollinger_middle: Decimal | None = None
    bollinger_lower: Decimal | None = None
    return_1: Decimal | None = None
    return_5: Decimal | None = None
    return_20: Decimal | None = None
    return_60: Decimal | None = None
    return_250: Decimal | None = None
    volatility_20: Decimal | None = None
    volume_ratio_20: Decimal | None = None


class Evidence(Frozen):
    """What all members of a run see, byte for byte the same.

    Of what is empty the stages say so; `absences` tells why, vendor by vendor.
    `caveat` is a sentence that must stand wherever a person sees figures made from this pack.
    `converted_from` is the ISO 4217 code of the currency that the instrument trades in, if that is not USD.
    """

    ticker: str
    as_of: AwareDatetime
    currency: str = "USD"
    converted_from: str | None = None
    source: str
    caveat: str | None = None
    quote: Quote
    indicators: Indicators
    bars: tuple[Bar, ...]
    identity: Identity | None = None
    news: tuple[NewsItem, ...] = ()
    fundamentals: tuple[Filing, ...] = ()
    snapshot: Snapshot | None = None
    sentiment: tuple[Mood, ...] = ()
    macro: tuple[MacroReading, ...] = ()
    absences: tuple[Absence, ...] = ()

    @cached_property
    def canonical(self) -> str:
        """The pack as JSON with sorted keys and no spaces: equal packs give equal text.

        What older packs did not have is left out where it is empty, so that they keep their hash.
        """
        apart = {"bars", *(name for name in _LATER if not getattr(self, name))}
        fields = self.model_dump(mode="json", exclude=apart)
        for filing in fields["fundamentals"]:
            for name in _LATER_OF_A_FILING:
                if filing[name] is None:
                    del filing[name]
        texts = {name: canonical_json(value) for name, value in fields.items()}
        texts["bars"] = f"[{','.join(bar.canonical for bar in self.bars)}]"
        return "{" + ",".join(f'"{name}":{texts[name]}' for name in sorted(texts)) + "}"

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of `canonical` in UTF-8, as 64 hexadecimal digits."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    @property
    def price(self) -> Price:
        """The last price known at `as_of`, USD a share."""
        return self.quote.price
