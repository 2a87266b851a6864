"""Vendors whose future is not what it was: everything that they say of the time after a moment is changed.

What was known at that moment must not depend on it. `core.pipeline.lookahead` proves that it does not.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from core.config.market import EvidenceLimits
from core.domain.actions import ActionKind, CorporateAction
from core.domain.bars import Bar
from core.domain.errors import VendorFailure
from core.domain.evidence_items import Figure, Filing, MacroReading, Mood, NewsItem, Snapshot
from core.domain.vendor_answers import Question
from core.market.calendar import Sessions
from core.market.evidence_cut import with_lag
from core.market.evidence_port import Partly, without
from core.market.gathering import Asked
from core.market.port import PriceVendor

T = TypeVar("T")
_WILD = Decimal("7.77")
_FURTHER = timedelta(days=20)
"""So much further than it is asked a vendor of prices is looked through, for a future to change."""
_INVENTED = "Invented for a check: nobody may read this"


class Tampering(StrEnum):
    """What is done to the future."""

    REMOVED = "removed"
    CHANGED = "changed"


class Counted:
    """How many answers of the future were removed, changed or invented, and how many were said at all."""

    def __init__(self) -> None:
        self.items = 0
        self.said = 0


def _tampered(
    said: Sequence[T],
    is_future: Callable[[T], bool],
    how: Tampering,
    change: Callable[[T], T],
    invented: Sequence[T],
    counted: Counted,
) -> tuple[T, ...]:
    """Return what was said, with another future."""
    future = [one for one in said if is_future(one)]
    counted.said += len(said)
    counted.items += len(future)
    past = [one for one in said if not is_future(one)]
    if how is Tampering.REMOVED:
        return tuple(past)
    counted.items += len(invented)
    return (*past, *map(change, future), *invented)


class TamperedPrices:
    """A vendor of prices with another future: what it holds is changed, and it answers what it is asked.

    Adds nothing for a day that the vendor has already.
    """

    def __init__(self, vendor: PriceVendor, as_of: datetime, how: Tampering, sessions: Sessions) -> None:
        self.name = vendor.name
        self.caveat = vendor.caveat
        self.counted = Counted()
        self._vendor = vendor
        self._as_of = as_of.astimezone(UTC)
        self._how = how
        self._sessions = sessions

    async def daily_bars(self, ticker: str, start: date, end: date) -> tuple[Bar, ...]:
        """Return the vendor's bars, with others for sessions that had not closed."""
        last = self._sessions.last_closed(self._as_of).day
        said = await self._vendor.daily_bars(ticker, start, end + _FURTHER)
        known = {bar.date for bar in said}
        after = (self._sessions.after(last, n).day for n in (1, 2, 3))
        wild = Bar(date=last, open=_WILD, high=_WILD, low=_WILD, close=_WILD, volume=1)
        invented = [wild.model_copy(update={"date": day}) for day in after if said and day not in known]
        held = _tampered(said, lambda bar: bar.date > last, self._how, _wild_bar, invented, self.counted)
        return tuple(bar for bar in held if start <= bar.date <= end)

    async def actions(self, ticker: str, start: date, end: date) -> tuple[CorporateAction, ...]:
        """Return the vendor's actions, with others of days whose session had not opened."""
        said = await self._vendor.actions(ticker, start, end + _FURTHER)
        ahead = self._sessions.after(self._sessions.last_opened(self._as_of).day).day
        known = {action.ex_date for action in said}
        split = CorporateAction(
            ticker=ticker, kind=ActionKind.SPLIT, ex_date=ahead, value=Decimal(3), source=self.name
        )
        held = _tampered(
            said,
            lambda action: self._sessions.opening(action.ex_date) > self._as_of,
            self._how,
            lambda action: action.model_copy(update={"value": action.value * 2}),
            [split] if ahead not in known else [],
            self.counted,
        )
        return tuple(action for action in held if start <= action.ex_date <= end)

    async def currency(self, ticker: str) -> str:
        """Return the vendor's currency of a ticker."""
        return await self._vendor.currency(ticker)

    async def usd_rates(self, currency: str, start: date, end: date) -> Mapping[date, Decimal]:
        """Return the vendor's rates, with others from the day of the moment on: its close was to come."""
        said = await self._vendor.usd_rates(currency, start, end + _FURTHER)
        today = self._as_of.date()
        self.counted.items += sum(day >= today for day in said)
        if self._how is Tampering.REMOVED:
            return {day: usd for day, usd in said.items() if day < today and day <= end}
        return {day: usd if day < today else usd * _WILD for day, usd in said.items() if day <= end}

    async def present(self, ticker: str) -> datetime | None:
        """Return the vendor's present."""
        return await self._vendor.present(ticker)

    async def tickers(self) -> tuple[str, ...] | None:
        """Return what the vendor holds."""
        return await self._vendor.tickers()

    async def close(self) -> None:
        """Leave the vendor open: it belongs to somebody else."""


def _wild_bar(bar: Bar) -> Bar:
    wild = {name: getattr(bar, name) * _WILD for name in ("open", "high", "low", "close")}
    return bar.model_copy(update={**wild, "volume": bar.volume + 1})


class TamperedVendor:
    """A vendor of other evidence with another future."""

    def __init__(self, vendor: Asked, as_of: datetime, how: Tampering, limits: EvidenceLimits) -> None:
        self.name = vendor.name
        self.counted = Counted()
        self._vendor = vendor
        self._as_of = as_of.astimezone(UTC)
        self._how = how
        self._limits = limits

    async def ask(self, question: Question, subject: str, span: str, *words: object) -> Any:
        """Return the vendor's answer, with another future; what has no time or is missing stays as it is."""
        answer = await self._vendor.ask(question, subject, span, *words)
        said, missing = without(answer)
        changed = self._changed(question, said)
        return Partly(changed, missing) if missing else changed

    async def close(self) -> None:
        """Leave the vendor open: it belongs to somebody else."""

    def _changed(self, question: Question, said: Any) -> Any:
        today = self._as_of.date()
        match question:
            case Question.NEWS:
                return self._of(said, self._is_later, _other_news, self._news())
            case Question.MOODS:
                return self._of(said, self._is_later, _other_mood, self._moods())
            case Question.FILINGS:
                return self._of(said, self._is_unknown, _other_filing, self._filings())
            case Question.READINGS:
                return self._of(said, lambda one: one.released_on >= today, _other_reading, self._readings())
            case Question.SNAPSHOT:
                return self._snapshot()
            case Question.IDENTITY:
                return said

    def _of(
        self,
        said: Sequence[T],
        is_future: Callable[[T], bool],
        change: Callable[[T], T],
        invented: Sequence[T],
    ) -> tuple[T, ...]:
        return _tampered(said, is_future, self._how, change, invented, self.counted)

    def _is_later(self, item: NewsItem | Mood) -> bool:
        at = item.published_at if isinstance(item, NewsItem) else item.at
        return at is None or at > self._as_of

    def _is_unknown(self, filing: Filing) -> bool:
        known = with_lag(filing, self._limits).known_on
        return known is None or known >= self._as_of.date()

    def _news(self) -> list[NewsItem]:
        times = [None, self._as_of + timedelta(seconds=1), self._as_of + timedelta(days=3)]
        return [
            NewsItem(title=f"{_INVENTED} ({at})", vendor=self.name, published_at=at, summary=_INVENTED)
            for at in times
        ]

    def _moods(self) -> list[Mood]:
        times = [None, self._as_of + timedelta(seconds=1), self._as_of + timedelta(days=3)]
        return [Mood(vendor=self.name, at=at, text=f"{_INVENTED} ({at})", score=Decimal(1)) for at in times]

    def _filings(self) -> list[Filing]:
        today = self._as_of.date()
        figures = (Figure(name="revenue", value=_WILD, unit="USD"),)
        ended = today - timedelta(days=40)
        known: list[dict[str, date]] = [
            {"period_end": today},
            {"period_end": ended, "filed_on": today},
            {"period_end": ended, "reported_on": today},
        ]
        return [
            Filing.model_validate({"vendor": self.name, "annual": annual, "figures": figures, **days})
            for days in known
            for annual in (True, False)
        ]

    def _readings(self) -> list[MacroReading]:
        day = self._as_of.date()
        return [
            MacroReading(
                vendor=self.name,
                series="INVENTED",
                title=_INVENTED,
                period=day - timedelta(days=40),
                released_on=day,
                value=_WILD,
            )
        ]

    def _snapshot(self) -> Snapshot | None:
        self.counted.items += 1
        if self._how is Tampering.REMOVED:
            return None
        figures = (Figure(name=_INVENTED, value=_WILD),)
        return Snapshot(vendor=self.name, at=self._as_of, figures=figures)


def _other_news(item: NewsItem) -> NewsItem:
    return item.model_copy(update={"title": f"{item.title} (changed)", "summary": _INVENTED})


def _other_mood(mood: Mood) -> Mood:
    return mood.model_copy(update={"text": f"{mood.text} (changed)", "score": Decimal(-1)})


def _other_filing(filing: Filing) -> Filing:
    changed = tuple(one.model_copy(update={"value": one.value * _WILD}) for one in filing.figures)
    return filing.model_copy(update={"figures": changed})


def _other_reading(reading: MacroReading) -> MacroReading:
    return reading.model_copy(update={"value": reading.value * _WILD})


class _Said(NamedTuple):
    answer: Any
    failure: VendorFailure | None


class RecordedVendor:
    """A vendor that is asked each question once, so that two packs differ by nothing but their future."""

    def __init__(self, vendor: Asked) -> None:
        self.name = vendor.name
        self._vendor = vendor
        self._said: dict[tuple[Question, str, str], _Said] = {}

    async def ask(self, question: Question, subject: str, span: str, *words: object) -> Any:
        """Return the vendor's first answer to a question, or raise its first failure."""
        key = (question, subject, span)
        if key not in self._said:
            try:
                self._said[key] = _Said(await self._vendor.ask(question, subject, span, *words), None)
            except VendorFailure as failure:
                self._said[key] = _Said(None, failure)
        said = self._said[key]
        if said.failure is not None:
            raise said.failure
        return said.answer

    async def close(self) -> None:
        """Leave the vendor open: it belongs to somebody else."""
