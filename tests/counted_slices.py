"""Slices that count what has begun in them."""

from core.courtesy import A_TURN, Slices


class CountedSlices(Slices):
    """Slices as they are, which remember how often somebody came."""

    def __init__(self, most: int = A_TURN) -> None:
        super().__init__(most)
        self.begun = 0

    async def begin(self) -> None:
        self.begun += 1
        await super().begin()
