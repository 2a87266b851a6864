"""The gathering of evidence beside prices: of each kind an ordered chain, all kinds at the same time.

What comes out follows from what the vendors said, `as_of`, `live` and the configuration alone.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from core.config.market import EvidenceLimits
from core.domain.errors import VendorFailure
from core.domain.evidence_items import (
    NOTHING_GATHERED,
    Absence,
    EvidenceKind,
    Gathered,
)
from core.domain.vendor_answers import Question
from core.market.evidence_cut import cut_filings, cut_moods, cut_news, cut_readings, cut_snapshot
from core.market.evidence_port import Missing, without

NOW = "now"
"""The span of a question about the present."""
_MOST_REASON = 200


class Asked(Protocol):
    """A vendor as the gathering asks it; the real one is `core.market.asked_vendor.AskedVendor`."""

    name: str

    async def ask(self, question: Question, subject: str, span: str, *words: object) -> Any:
        """Return the answer to a question, or `Partly` one.

        Raises:
            VendorFailure: there is none.
        """
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


class KindChain(NamedTuple):
    """The vendors of one kind, in order. `named` says that the configuration names them itself."""

    vendors: tuple[Asked, ...]
    named: bool


class _Asking(NamedTuple):
    """How one question is put, and how an answer is cut; `nothing` is said of a vendor that has none."""

    question: Question
    subject: str
    span: str
    words: tuple[object, ...]
    cut: Callable[[Any], object]
    nothing: str = "has none"


class _Found(NamedTuple):
    """What a chain gave: the first answer with something in it, who had nothing before, and what it lacks."""

    said: object
    absences: tuple[Absence, ...]


class Gatherer:
    """Asks the vendors of evidence, and cuts what they say at `as_of`. A failure of theirs is an absence."""

    def __init__(
        self,
        chains: Mapping[EvidenceKind, KindChain],
        vendors: Sequence[Asked],
        limits: EvidenceLimits,
    ) -> None:
        self._chains = chains
        self._vendors = tuple(vendors)
        self._limits = limits

    @property
    def chains(self) -> Mapping[EvidenceKind, KindChain]:
        """The chain of each kind; one without vendors is not asked."""
        return self._chains

    async def gather(self, ticker: str, as_of: datetime, *, live: bool, named_only: bool = False) -> Gathered:
        """Return what was known at `as_of`, which is the present if `live`, and why the rest is missing.

        With `named_only` those vendors are left out that are asked only because prices come from them: a
        replay of the past or the bundled sample is no reason to ask a service.
        """
        as_of = as_of.astimezone(UTC)
        asked = {
            kind: chain.vendors
            for kind, chain in self._chains.items()
            if chain.vendors and (chain.named or not named_only)
        }
        if not asked:
            return NOTHING_GATHERED
        askings = [
            asking
            for asking in _askings(ticker, as_of, self._limits, live=live)
            if asking.question.kind in asked and self._is_wanted(asking.question, live=live)
        ]
        found = await asyncio.gather(*(_first(asking, asked[asking.question.kind]) for asking in askings))
        said = {asking.question: one.said for asking, one in zip(askings, found, strict=True)}
        absences = dict.fromkeys(absence for one in found for absence in one.absences)
        return Gathered.model_validate(
            {
                "identity": said.get(Question.IDENTITY),
                "news": said.get(Question.NEWS) or (),
                "fundamentals": said.get(Question.FILINGS) or (),
                "snapshot": said.get(Question.SNAPSHOT),
                "sentiment": said.get(Question.MOODS) or (),
                "macro": said.get(Question.READINGS) or (),
                "absences": tuple(absences),
            }
        )

    @property
    def vendors(self) -> tuple[Asked, ...]:
        """Every vendor that is in some chain, once."""
        return self._vendors

    def over(self, change: Callable[[Asked], Asked]) -> "Gatherer":
        """Return a gathering like this one, whose vendors are what `change` makes of these."""
        made = {id(vendor): change(vendor) for chain in self._chains.values() for vendor in chain.vendors}
        chains = {
            kind: chain._replace(vendors=tuple(made[id(vendor)] for vendor in chain.vendors))
            for kind, chain in self._chains.items()
        }
        return Gatherer(chains, tuple(made.values()), self._limits)

    def alone(self, kind: EvidenceKind, vendor: Asked) -> "Gatherer":
        """Return a gathering like this one, of one kind from one vendor."""
        return Gatherer({kind: KindChain((vendor,), True)}, (vendor,), self._limits)

    def of_nothing(self) -> "Gatherer":
        """Return a gathering that asks nobody."""
        return Gatherer({}, (), self._limits)

    async def close(self) -> None:
        """Release the connections of every vendor."""
        for vendor in self._vendors:
            await vendor.close()

    def _is_wanted(self, question: Question, *, live: bool) -> bool:
        """Say whether an answer could be used at all."""
        limits = self._limits
        match question:
            case Question.IDENTITY:
                return True
            case Question.NEWS:
                return bool(limits.news_items and limits.news_characters)
            case Question.FILINGS:
                return bool(limits.filings)
            case Question.SNAPSHOT:
                return live
            case Question.MOODS:
                return bool(limits.sentiment_items and limits.sentiment_characters)
            case Question.READINGS:
                return bool(limits.macro_readings)


async def _first(asking: _Asking, vendors: Sequence[Asked]) -> _Found:
    """Ask one vendor after the other, until one has something that is left after the cut."""
    absences: list[Absence] = []
    kind = asking.question.kind
    for vendor in vendors:
        try:
            answer = await vendor.ask(asking.question, asking.subject, asking.span, *asking.words)
        except VendorFailure as failure:
            absences.append(Absence(kind=kind, vendor=vendor.name, reason=_in_short(failure)))
            continue
        told, missing = without(answer)
        absences += (Absence(kind=kind, vendor=vendor.name, reason=lacks(one)) for one in missing)
        if said := asking.cut(told):
            return _Found(said, tuple(absences))
        absences.append(Absence(kind=kind, vendor=vendor.name, reason=asking.nothing))
    return _Found(None, tuple(absences))


def _askings(ticker: str, as_of: datetime, limits: EvidenceLimits, *, live: bool) -> tuple[_Asking, ...]:
    """Return every question, in the order in which absences are told."""
    span = NOW if live else as_of.isoformat()
    # What is released today may be released after `as_of`, and may replace what was known until then.
    yesterday = as_of.date() - timedelta(days=1)
    news_since = as_of - timedelta(days=limits.news_days)
    moods_since = as_of - timedelta(days=limits.sentiment_days)
    return (
        _Asking(Question.IDENTITY, ticker, "", (ticker,), lambda said: said),
        _Asking(
            Question.NEWS,
            ticker,
            span,
            (ticker, news_since, as_of),
            lambda said: cut_news(said, as_of, limits, live=live),
        ),
        _Asking(Question.FILINGS, ticker, "", (ticker,), lambda said: cut_filings(said, as_of, limits)),
        _Asking(
            Question.SNAPSHOT,
            ticker,
            "",
            (ticker,),
            lambda said: cut_snapshot(said, as_of, live=live),
            nothing="has no ratios of the moment",
        ),
        _Asking(
            Question.MOODS,
            ticker,
            span,
            (ticker, moods_since, as_of),
            lambda said: cut_moods(said, as_of, limits, live=live),
        ),
        _Asking(
            Question.READINGS,
            "",
            yesterday.isoformat(),
            (yesterday,),
            lambda said: cut_readings(said, as_of, limits),
        ),
    )


def lacks(missing: Missing) -> str:
    """Return in a few words which part of an answer is missing, and why: `without GDP (…)`."""
    return f"without {missing.part} ({_in_short(missing.failure)})"


def _in_short(failure: VendorFailure) -> str:
    reason = " ".join(failure.reason.split()).rstrip(".")
    if not any(sign.isprintable() and not sign.isspace() for sign in reason):
        return "gave nothing usable"
    return reason if len(reason) <= _MOST_REASON else f"{reason[: _MOST_REASON - 2]} …"
