"""What evidence holds beside prices: news, filings, moods, readings of the economy, each with its time.

Texts come from outside. They are made plain here, so that nothing invisible and nothing endless goes further.
"""

from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field

from core.domain.values import Frozen

MOST_SIGNS = 2_000
"""So long a text of one item may be."""


class EvidenceKind(StrEnum):
    """What a vendor beside those of prices may give."""

    IDENTITY = "identity"
    NEWS = "news"
    FUNDAMENTALS = "fundamentals"
    SENTIMENT = "sentiment"
    MACRO = "macro"


def plain(text: object) -> object:
    """Return a text in one line, without invisible signs and of at most `MOST_SIGNS` signs."""
    if not isinstance(text, str):
        return text
    if not text.isprintable():
        # Controls, formats such as zero-width signs and those that turn the direction, surrogates, private
        # use, what Unicode does not know; and every space but the plain one.
        unseen = {sign for sign in set(text) if not sign.isprintable()}
        text = text.translate({ord(sign): " " if sign.isspace() else None for sign in unseen})
    # Nearly every text is one line already, above all what was plain before; the plain space is its only one.
    line = text if "  " not in text and text.strip(" ") == text else " ".join(text.split())
    return line if len(line) <= MOST_SIGNS else f"{line[: MOST_SIGNS - 2].rstrip()} …"


Plain = Annotated[str, BeforeValidator(plain)]
Said = Annotated[str, Field(min_length=1), BeforeValidator(plain)]  # made plain first, then measured
Web = Annotated[str, Field(pattern=r"^https?://[^\s\"<>\[\]]{1,1000}$")]
Number = Annotated[Decimal, Field(allow_inf_nan=False, ge=-(10**18), le=10**18)]


class NewsItem(Frozen):
    """One item of news. `publisher` wrote it, `vendor` told us; nobody knows when without `published_at`."""

    title: Said
    summary: Plain = ""
    publisher: Plain = ""
    vendor: str
    published_at: AwareDatetime | None
    url: Web | None = None
    market_wide: bool = False


class Figure(Frozen):
    """One named figure of a statement, such as `revenue`, in the currency or unit that `unit` names."""

    name: Said
    value: Number
    unit: Plain = ""


class Filing(Frozen):
    """The figures of one fiscal period, and the day on which they became known.

    `filed_on` is the day of the filing where a vendor tells it, `reported_on` that of the report on earnings
    where it tells that instead. Otherwise `lag_days` after the end of the period are assumed, and said;
    without any of them nobody knows since when the figures are known.
    """

    vendor: str
    period_end: date
    annual: bool
    figures: tuple[Figure, ...]
    filed_on: date | None = None
    reported_on: date | None = None
    lag_days: Annotated[int, Field(ge=0, le=400)] | None = None

    @property
    def known_on(self) -> date | None:
        """The day on which these figures became known, at an hour that nobody tells.

        They may be used from the day after, so that a filing after the close is in no run of that day.
        """
        if told := self.filed_on or self.reported_on:
            return told
        return None if self.lag_days is None else self.period_end + timedelta(days=self.lag_days)


class Snapshot(Frozen):
    """Ratios as they stand at one moment, such as a price-earnings ratio; never used for the past."""

    vendor: str
    at: AwareDatetime
    figures: tuple[Figure, ...]


class Mood(Frozen):
    """How people see the instrument: one post, or one score from -1 to 1 over so many `voices`."""

    vendor: str
    at: AwareDatetime | None
    text: Plain = ""
    score: Annotated[Decimal, Field(ge=-1, le=1, allow_inf_nan=False)] | None = None
    voices: Annotated[int, Field(ge=0)] | None = None
    url: Web | None = None


class MacroReading(Frozen):
    """One figure of the economy, for the period that begins on `period`, released on `released_on`.

    Nobody tells the hour of the release, so the figure may be used from the day after.
    """

    vendor: str
    series: Said
    title: Said
    unit: Plain = ""
    period: date
    released_on: date
    value: Number


class Identity(Frozen):
    """What an instrument is. `kind` is a word such as stock, etf, crypto, index."""

    vendor: str
    name: Said
    kind: Plain = ""
    exchange: Plain = ""
    currency: Plain = ""
    sector: Plain = ""
    industry: Plain = ""


class Absence(Frozen):
    """Why one vendor gave nothing of one kind, in a few words that hold no secret."""

    kind: EvidenceKind
    vendor: str
    reason: Said


class Gathered(Frozen):
    """All that was gathered beside prices for one instrument at one moment; equal for all members."""

    identity: Identity | None = None
    news: tuple[NewsItem, ...] = ()
    fundamentals: tuple[Filing, ...] = ()
    snapshot: Snapshot | None = None
    sentiment: tuple[Mood, ...] = ()
    macro: tuple[MacroReading, ...] = ()
    absences: tuple[Absence, ...] = ()


NOTHING_GATHERED = Gathered()
