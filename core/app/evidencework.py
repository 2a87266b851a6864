"""The use case behind a look at evidence: the pack that a run would have, and as its members read it."""

from abc import ABC, abstractmethod
from datetime import datetime

from core.app.lookaheadwork import check_lookahead
from core.clock import Clock
from core.config import Settings
from core.domain.errors import NoPrices
from core.domain.evidence import Evidence
from core.domain.instrument import parse_ticker
from core.domain.lookahead import LookaheadReport
from core.domain.run import RunRecord, RunRequest
from core.market.gathering import Gatherer
from core.pipeline.committee import Committee
from core.pipeline.facts import evidence_text
from core.store.store import Store


class Evidencework(ABC):
    """A part of `App`."""

    settings: Settings
    clock: Clock
    _committee: Committee
    _gatherer: Gatherer
    _store: Store

    @abstractmethod
    async def _nearest(self, ticker: str, error: NoPrices) -> NoPrices:
        """Return `error`, or a better sentence about it."""

    async def evidence(self, ticker: str, as_of: datetime | None) -> Evidence:
        """Return the pack that a run of a ticker would have now, or as of a moment. No run is begun.

        Raises:
            BadTicker: the text is no ticker.
            Refused: the moment lies in the future.
            NoPrices: no vendor had usable prices; an UnknownTicker names what may have been meant.
        """
        ticker = parse_ticker(ticker)
        request = RunRequest(ticker=ticker, preset=self.settings.pipeline.preset, as_of=as_of)
        try:
            return await self._committee.freeze(request)
        except NoPrices as error:
            better = await self._nearest(ticker, error)
            if better is error:
                raise
            raise better from error

    async def evidence_of(self, record: RunRecord) -> Evidence:
        """Return the pack that the members of a run were given.

        Raises:
            EvidenceAltered: what is stored is not what the run had.
            NotFound: it is not stored.
        """
        return await self._store.runs.evidence(record.evidence_sha256)

    async def look_ahead(self, ticker: str, as_of: datetime) -> LookaheadReport:
        """Prove, or disprove, that nothing from after `as_of` reaches a prompt; see `check_lookahead`."""
        return await check_lookahead(self.settings, self._gatherer, self.clock, ticker, as_of)

    def as_read(self, evidence: Evidence) -> str:
        """Return the pack as its members read it."""
        return evidence_text(evidence, budget=self.settings.pipeline.evidence_tokens)
