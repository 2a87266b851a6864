"""What decides what a person may do in a place, and how it reads: every request asks for that."""

from bisect import insort
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, literal_column, null, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.at_place import AtPlace
from core.domain.chat import ChatState
from core.domain.errors import StoreError
from core.domain.people import Grant
from core.domain.subscription import ChatTerms
from core.store.database import Database
from core.store.due_rows import TERMS, terms_in
from core.store.people_tables import chats, grants
from core.store.schedule_tables import chat_terms
from core.store.together import Together

_GRANT = tuple(grants.c)
_PERSONS: BindParameter[Any] = bindparam("persons", expanding=True)
_CHATS: BindParameter[Any] = bindparam("chats", expanding=True)


def _padded(kind: str, *columns: Any) -> Select[Any]:
    """Return a query whose rows say what they are, and are as long as those of grants."""
    return select(literal_column(f"'{kind}'"), *columns, *[null()] * (len(_GRANT) - len(columns)))


_GIVEN = _padded("grant", *_GRANT).where(grants.c.person.in_(_PERSONS), grants.c.chat_id.in_(_CHATS))
_KNOWN = _padded("chat", chats.c.chat_id, chats.c.state, chats.c.moved_to).where(
    or_(chats.c.chat_id.in_(_CHATS), chats.c.moved_to.in_(_CHATS))
)
_TERMS = _padded("terms", chat_terms.c.chat_id, TERMS).where(chat_terms.c.chat_id.in_(_CHATS))
# One way to the database and back: each costs more than all that it brings.
_EVERYTHING = union_all(_GIVEN, _KNOWN, _TERMS)


class Places:
    """The places in which people ask."""

    def __init__(self, database: Database) -> None:
        self._questions = Together(database.read, _answered)

    async def at(self, person: str, chat: str) -> AtPlace:
        """Return what is stored of a person in a chat such as `telegram:-100123`, as of one moment."""
        return await self._questions.ask((person, chat))


async def _answered(connection: AsyncConnection, asked: Sequence[tuple[str, str]]) -> Sequence[AtPlace]:
    """Answer all with the same statement: each one has to wait for its turn in a busy process."""
    # A grant without a person is for everybody, and one without a chat for everywhere.
    persons, where = [{"", *values} for values in zip(*asked, strict=True)]
    texts: dict[str, str] = {}
    known: dict[str, tuple[ChatState, str | None]] = {}
    earlier: dict[str | None, list[str]] = defaultdict(list)
    granted: dict[tuple[str, str], list[Grant]] = defaultdict(list)
    found = await connection.execute(_EVERYTHING, {"chats": list(where), "persons": list(persons)})
    for kind, *values in found:
        match kind, values:
            case "grant", _:
                grant = _grant(values)
                granted[grant.person, grant.chat].append(grant)
            case "chat", (chat, state, to, *_):
                known[chat] = ChatState(state), to
                insort(earlier[to], chat)
            case "terms", (chat, text, *_):
                texts[chat] = text
    return [
        AtPlace(
            tuple(grant for p in ("", person) for c in ("", chat) for grant in granted.get((p, c), ())),
            tuple(earlier.get(chat, ())),
            _terms(texts.get(chat), chat),
            *known.get(chat, (None, None)),
        )
        for person, chat in asked
    ]


def _terms(text: str | None, chat: str) -> ChatTerms | None:
    try:
        return terms_in(text, chat)
    except StoreError:
        return None


def _grant(row: Sequence[Any]) -> Grant:
    values = {column.name: value for column, value in zip(_GRANT, row, strict=True)}
    return Grant(chat=values.pop("chat_id"), **values)
