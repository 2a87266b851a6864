"""What members remember when they decide: gathered when a run begins, and kept with it."""

from collections.abc import Sequence

from core.config import Settings
from core.domain.evidence import Evidence
from core.domain.member import MemberKind
from core.domain.memory import Memory
from core.domain.run import Seat
from core.domain.season import Season
from core.store.store import Store


class Remembering:
    """Gives each language model in a run its own memory, as of the evidence's time and never later."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._on = settings.pipeline.memory
        self._store = store

    async def seated(
        self, seats: Sequence[Seat], season: Season, evidence: Evidence, *, replay: bool
    ) -> tuple[Seat, ...]:
        """Return the seats with what their members remember; the same ones while memory is switched off."""
        models = [seat.member for seat in seats if seat.kind == MemberKind.LLM]
        if not self._on or not models:
            return tuple(seats)
        memories = await self._store.memories.of_members(
            season, models, evidence.ticker, evidence.as_of, replay=replay
        )
        return tuple(_with(seat, memories.get(seat.member)) for seat in seats)


def _with(seat: Seat, memory: Memory | None) -> Seat:
    if memory is None:
        return seat
    return seat.model_copy(update={"briefing": seat.briefing.model_copy(update={"memory": memory})})
