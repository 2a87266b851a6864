"""A vendor of evidence for tests, the items to give it, and a memory that lasts for one test."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from core.clock import Clock, ManualClock
from core.config.market import EvidenceLimits
from core.domain.evidence_items import Figure, Filing, Identity, MacroReading, Mood, NewsItem, Snapshot
from core.domain.vendor_answers import AnswerKey, Question
from core.market.asked_vendor import AskedVendor, VendorMaker
from core.market.evidence_port import EvidenceVendor
from core.market.vendor_pace import Rate

AS_OF = datetime(2025, 10, 29, 20, tzinfo=UTC)
OFTEN = Rate(1000, 60.0)


def news(title: str, at: datetime | None = AS_OF, **more: Any) -> NewsItem:
    return NewsItem.model_validate({"title": title, "vendor": "one", "published_at": at, **more})


def mood(text: str, at: datetime | None = AS_OF, **more: Any) -> Mood:
    return Mood.model_validate({"vendor": "one", "at": at, "text": text, **more})


def figure(name: str = "revenue", value: str = "12.5") -> Figure:
    return Figure(name=name, value=Decimal(value), unit="USD")


def filing(period_end: str, filed_on: str | None = None, *, annual: bool = False, **more: Any) -> Filing:
    filed = None if filed_on is None else date.fromisoformat(filed_on)
    fields = {"vendor": "one", "figures": (figure(),), "annual": annual, "filed_on": filed, **more}
    return Filing.model_validate({"period_end": date.fromisoformat(period_end), **fields})


def reading(series: str, period: str, released_on: str, value: str = "4.1") -> MacroReading:
    return MacroReading(
        vendor="one",
        series=series,
        title=f"The series {series}",
        period=date.fromisoformat(period),
        released_on=date.fromisoformat(released_on),
        value=Decimal(value),
    )


def snapshot(at: datetime = AS_OF) -> Snapshot:
    return Snapshot(vendor="one", at=at, figures=(figure("price_earnings", "31.2"),))


def identity(name: str = "NVIDIA Corporation") -> Identity:
    return Identity(vendor="one", name=name, kind="stock", exchange="NASDAQ", currency="USD")


HOUR = timedelta(hours=1)
FULL: dict[str, Any] = {
    "identity": identity(),
    "news": (news("one"), news("two", AS_OF - HOUR)),
    "filings": (filing("2025-07-27", "2025-08-27"),),
    "snapshot": snapshot(),
    "moods": (mood("up it goes"),),
    "readings": (reading("GDP", "2025-04-01", "2025-07-30"),),
}


class EvidenceDouble:
    """Says what it is given. A value that is an exception is raised, one that is callable is called."""

    made: "list[EvidenceDouble]" = []  # noqa: RUF012 - those that a running program has made by itself
    told: dict[str, dict[str, Any]] = {}  # noqa: RUF012 - what they say, by the name of their section

    def __init__(self, settings: object = None, clock: object = None, **said: Any) -> None:
        self.name = "one"
        self.said: dict[str, Any] = dict(said or self.told.get(type(settings).__name__, {}))
        self.asked: list[tuple[str, tuple[object, ...]]] = []
        self.closed = False
        self.made.append(self)

    def times(self, question: str) -> int:
        return sum(one == question for one, _ in self.asked)

    async def identity(self, ticker: str) -> Any:
        return await self._say("identity", ticker)

    async def news(self, ticker: str, since: datetime, until: datetime) -> Any:
        return await self._say("news", ticker, since, until)

    async def filings(self, ticker: str) -> Any:
        return await self._say("filings", ticker)

    async def snapshot(self, ticker: str) -> Any:
        return await self._say("snapshot", ticker)

    async def moods(self, ticker: str, since: datetime, until: datetime) -> Any:
        return await self._say("moods", ticker, since, until)

    async def readings(self, until: date) -> Any:
        return await self._say("readings", until)

    async def close(self) -> None:
        self.closed = True

    async def _say(self, question: str, *words: object) -> Any:
        self.asked.append((question, words))
        said = self.said.get(question, None if question in {"identity", "snapshot"} else ())
        if isinstance(said, BaseException):
            raise said
        if callable(said):
            said = said()
            if asyncio.iscoroutine(said):
                return await said
        return said


class Remembered:
    """A memory that holds what it is given until it expires."""

    def __init__(self) -> None:
        self.kept: dict[AnswerKey, tuple[str, datetime]] = {}
        self.failure: Exception | None = None

    async def find(self, key: AnswerKey, now: datetime) -> str | None:
        if self.failure:
            raise self.failure
        answer, expires = self.kept.get(key, ("", now))
        return answer if expires > now else None

    async def keep(self, key: AnswerKey, answer: str, asked_at: datetime, expires: datetime) -> None:
        if self.failure:
            raise self.failure
        self.kept[key] = answer, expires


def asked(
    name: str,
    vendor: EvidenceDouble,
    *,
    clock: Clock | None = None,
    memory: Any = None,
    rate: Rate = OFTEN,
    timeout_s: float = 5.0,
    grace_s: float = 1.0,
    limits: EvidenceLimits | None = None,
    made: Callable[[], None] = lambda: None,
) -> AskedVendor:
    """A vendor as the gathering asks it."""

    async def make() -> EvidenceVendor:
        made()
        return vendor

    vendor.name = name
    maker = VendorMaker(name, make, rate, timeout_s, grace_s)
    return AskedVendor(maker, memory or Remembered(), limits or EvidenceLimits(), clock or ManualClock(AS_OF))


async def ask_news(vendor: AskedVendor, ticker: str = "NVDA", span: str = "now") -> Any:
    return await vendor.ask(Question.NEWS, ticker, span, ticker, AS_OF, AS_OF)
