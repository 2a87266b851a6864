"""The use cases about what is posted by itself: digests and reviews."""

from abc import ABC
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from core.app.digests import Digests
from core.domain.digest import Digest, Review
from core.domain.run import RunRecord
from core.domain.season import Season


class Digestwork(ABC):
    """A part of `App`."""

    _digests: Digests

    async def digest(
        self, season: Season | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> Digest:
        """Return what has happened after `since`, up to and with `until`, in a season as in `leaderboard`.

        Without a time it is the last session of the arena's exchange, and all that came after it up to now.

        Raises:
            NotFound: there is no such season.
        """
        return await self._digests.digest(season, since, until)

    async def review(
        self, season: Season | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> Review:
        """Return what a time has told about a season's members; without one it is the last seven days.

        Raises:
            NotFound: there is no such season.
        """
        return await self._digests.review(season, since, until)

    async def prices_of(self, records: Iterable[RunRecord]) -> dict[str, Decimal]:
        """Return the price that each run's committee saw, in USD a share, by run id, where it is known."""
        return await self._digests.prices_of(records)
