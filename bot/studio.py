"""Who may have a picture drawn right now: one at a time for each chat, and not too many in all."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from core.domain.errors import Refused

MOST_AT_ONCE = 24
"""How many chats may wait for a picture: what one thread draws in a few seconds."""
MOST_KEPT = 24
"""How many pictures are kept, for whoever asks for the same one next: some megabytes."""

BUSY_HERE = "A picture is being drawn for this chat already. Press again in a moment."
BUSY_EVERYWHERE = "Many pictures are being drawn right now. Press again in a moment."


class Studio:
    """The pictures of one process that people ask for."""

    def __init__(self) -> None:
        self._busy: set[str] = set()
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()

    @contextmanager
    def turn(self, chat: str) -> Iterator[None]:
        """Take the turn of a chat for as long as its picture is made.

        Raises:
            Refused: one is being made for this chat, or for too many others.
        """
        if chat in self._busy:
            raise Refused(BUSY_HERE)
        if len(self._busy) >= MOST_AT_ONCE:
            raise Refused(BUSY_EVERYWHERE)
        self._busy.add(chat)
        try:
            yield
        finally:
            self._busy.discard(chat)

    async def drawn(self, draw: Callable[[], bytes], made_from: Hashable | None = None) -> bytes:
        """Return what `draw` draws, off the event loop; the same again where `made_from` is the same.

        Raises:
            PictureFailed: it took too long.
        """
        from bot.pictures.off_loop import drawn

        if made_from is not None and made_from in self._kept:
            self._kept.move_to_end(made_from)
            return self._kept[made_from]
        png = await drawn(draw)
        if made_from is not None:
            self._kept[made_from] = png
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return png
