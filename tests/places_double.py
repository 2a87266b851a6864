"""What the store has of a person in a place, put together from the other doubles of an arena."""

from typing import TYPE_CHECKING

from core.domain.at_place import AtPlace
from core.domain.errors import StoreError

if TYPE_CHECKING:
    from tests.arena_double import ArenaDouble


class PlacesDouble:
    """As `core.store.place_rows.Places`."""

    def __init__(self, arena: "ArenaDouble") -> None:
        self._arena = arena

    async def at(self, person: str, chat: str) -> AtPlace:
        try:
            terms = await self._arena.rows.terms(chat)
        except StoreError:
            terms = None
        known = await self._arena.known_chats.get(chat)
        return AtPlace(
            await self._arena.people_rows.grants_at(person, chat),
            await self._arena.known_chats.earlier(chat),
            terms,
            known.state if known else None,
            known.moved_to if known else None,
        )
