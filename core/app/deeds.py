"""The audit trail of chats: what was refused to people, and what they did that only some may do."""

import logging
import re
from datetime import datetime
from typing import Literal

from core.clock import Clock
from core.domain.errors import StoreError
from core.domain.people import Deed
from core.store.deed_rows import ONCE_IN
from core.store.store import Store

LONGEST_WHAT = 80
LONGEST_NOTE = 160
LAST = 50
MOST_REMEMBERED = 1_000
_SECRETIVE = re.compile(r"(?=\S*\d)(?=\S*[A-Za-z])[\w:./+=-]{16,}|(?:xox[a-z]?|xapp|sk)-\S+|\S{40,}")
_ID = re.compile(r"telegram:-?[0-9]{1,19}|slack:[A-Z0-9]{1,31}", re.ASCII)
_AROUND = "“”\"'`,.;:()"

_log = logging.getLogger(__name__)


class Deeds:
    """All deeds of the arena, as far as they are kept (`core.store.deed_rows`)."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._rows = store.deeds
        self._clock = clock
        self._refused: dict[tuple[str, str, str], datetime] = {}

    async def note(
        self,
        person: str,
        chat: str,
        thread: str | None,
        what: str,
        outcome: Literal["done", "refused"],
        note: str = "",
    ) -> None:
        """Keep a deed; what looks like a secret is left out, and what is long is cut.

        A store that is out of reach costs the entry, with one line in the log, and never what was done.
        """
        deed = Deed(
            number=0,
            at=self._clock.now(),
            person=person,
            chat=chat,
            thread=thread or "",
            what=harmless(what, LONGEST_WHAT),
            outcome=outcome,
            note=harmless(note, LONGEST_NOTE),
        )
        if outcome == "refused" and self._was_just_refused(deed):
            return
        try:
            await self._rows.add(deed)
        except StoreError as error:
            _log.warning("%s by %s in %s is not in the audit trail: %s", deed.what, person, chat, error)

    def _was_just_refused(self, deed: Deed) -> bool:
        """Spare the store the same refusal again and again; it would keep none of them."""
        key = (deed.person, deed.chat, deed.what)
        before = self._refused.get(key)
        if before is not None and deed.at - before < ONCE_IN:
            return True
        if len(self._refused) >= MOST_REMEMBERED:
            self._refused.clear()
        self._refused[key] = deed.at
        return False

    async def last(self, limit: int, *, chat: str | None = None, skip: int = 0) -> tuple[Deed, ...]:
        """Return the newest deeds, newest first, of all chats or of one, without the first `skip`."""
        return await self._rows.last(limit, chat, skip)

    async def count(self, chat: str | None = None) -> int:
        """Return how many deeds are kept, of all chats or of one."""
        return await self._rows.count(chat)


def harmless(text: str, longest: int) -> str:
    """Return a text as one line of at most `longest` signs, without words that look like secrets."""
    line = " ".join("…" if _is_secretive(word.strip(_AROUND)) else word for word in text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _is_secretive(word: str) -> bool:
    return _ID.fullmatch(word) is None and _SECRETIVE.fullmatch(word) is not None
