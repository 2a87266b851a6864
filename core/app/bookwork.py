"""The use cases of whoever keeps the books: to prove them, and to hand them out."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from core.app import auditing, exporting
from core.clock import Clock
from core.config import Settings
from core.domain.audit import Extent, Finding
from core.domain.export import Exported, ExportFormat
from core.domain.season import Season
from core.store.store import Store


class Bookwork(ABC):
    """A part of `App`."""

    settings: Settings
    clock: Clock
    _store: Store

    @abstractmethod
    async def _season(self) -> Season:
        """Return the season that people mean when they name none."""

    async def audit(self) -> tuple[Finding, ...]:
        """Prove that all books follow from their ledger, and return whatever is not as it must be."""
        return await auditing.audit(self._store, shorts=self.settings.trading.allow_short)

    async def running_check(self) -> tuple[Finding, ...]:
        """Return what running totals say otherwise than the sums of the ledger; a second at most."""
        return await auditing.running_check(self._store)

    async def extent(self) -> Extent:
        """Return how much an audit has to look at."""
        return await self._store.audits.extent()

    async def export(
        self, season: Season | None, folder: Path | None, formats: Sequence[ExportFormat], *, force: bool
    ) -> Exported:
        """Write everything that a season's figures are made of into a folder (`export-SEASON` without one).

        Without a season it is the one of `leaderboard`. Either the whole export is there in the end, or
        nothing of it.

        Raises:
            Refused: there is no such season, the folder holds an export already and not `force`, or the
                files cannot be written.
        """
        season = season or await self._season()
        folder, now = folder or Path(f"export-{season}"), self.clock.now()
        return await exporting.export(
            self._store, self.settings, season, folder, formats, force=force, at=now
        )
