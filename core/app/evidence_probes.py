"""What `conclave check` asks of vendors of evidence: each one once, for the first that it is there for."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from core.app.check import Probe
from core.clock import Clock
from core.config import Settings
from core.domain.check import Check
from core.domain.evidence_items import EvidenceKind
from core.domain.vendor_answers import AnswerKey, Question
from core.market.evidence_port import without
from core.market.evidence_vendors import build_gatherer
from core.market.gathering import Asked, Gatherer, lacks

_KNOWN_TICKER = "AAPL"
_SPAN = timedelta(days=7)


class NoMemory:
    """Keeps nothing, because a check wants to hear each vendor itself."""

    async def find(self, key: AnswerKey, now: datetime) -> str | None:
        """Return None."""
        return None

    async def keep(self, key: AnswerKey, answer: str, asked_at: datetime, expires: datetime) -> None:
        """Keep nothing."""


def gatherer_to_check(settings: Settings, clock: Clock) -> Gatherer:
    """Return the configured vendors, without memory. Close it when done."""
    return build_gatherer(settings, clock, NoMemory())


def evidence_probes(gatherer: Gatherer, clock: Clock) -> Iterator[Probe]:
    """Yield a probe a vendor, in the order of the kinds of evidence."""
    met: set[str] = set()
    for kind in (EvidenceKind.NEWS, EvidenceKind.FUNDAMENTALS, EvidenceKind.SENTIMENT, EvidenceKind.MACRO):
        for vendor in gatherer.chains[kind].vendors:
            if vendor.name not in met:
                met.add(vendor.name)
                yield _probe(vendor, kind, clock)


def _probe(vendor: Asked, kind: EvidenceKind, clock: Clock) -> Probe:
    async def ask() -> str:
        now = clock.now()
        match kind:
            case EvidenceKind.NEWS:
                said = await vendor.ask(Question.NEWS, _KNOWN_TICKER, "", _KNOWN_TICKER, now - _SPAN, now)
            case EvidenceKind.SENTIMENT:
                said = await vendor.ask(Question.MOODS, _KNOWN_TICKER, "", _KNOWN_TICKER, now - _SPAN, now)
            case EvidenceKind.MACRO:
                said = await vendor.ask(Question.READINGS, "", "", now.date())
            case _:
                said = await vendor.ask(Question.FILINGS, _KNOWN_TICKER, "", _KNOWN_TICKER)
        told, missing = without(said)
        about = "readings" if kind is EvidenceKind.MACRO else f"items about {_KNOWN_TICKER}"
        return ", ".join([f"{len(told)} {about}", *map(lacks, missing)])

    mend = f"Check the network, or leave {vendor.name} out of [market] {kind.value}."
    return Probe(f"{kind.value}: {vendor.name}", ask, mend)


def lacks_its_key(check: Check, settings: Settings) -> bool:
    """Say whether a probe is of a vendor without key that nobody named: it only came with its prices."""
    market = settings.market
    derived = [name for name, names in _derivable(settings) if names is None]
    named = check.name.removesuffix(": alpha_vantage")
    return named != check.name and named in derived and not market.alpha_vantage.key.present()


def _derivable(settings: Settings) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    yield EvidenceKind.NEWS.value, settings.market.news
    yield EvidenceKind.FUNDAMENTALS.value, settings.market.fundamentals
