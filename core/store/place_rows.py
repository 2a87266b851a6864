"""What decides what a person may do in a place and how it reads: one question, for every request asks it."""

from typing import Any

from sqlalchemy import Select, and_, bindparam, literal, or_, select

from core.domain.at_place import AtPlace
from core.domain.chat import ChatState
from core.domain.errors import StoreError
from core.domain.people import Grant
from core.domain.subscription import ChatTerms
from core.store.column_types import Words
from core.store.database import Database
from core.store.due_rows import TERMS, terms_in
from core.store.people_tables import chats, grants
from core.store.schedule_tables import chat_terms

_GRANT = tuple(grants.c)
_HERE = chats.alias("here")


def _place() -> Select[Any]:
    """Put the question together, once for all who ask: that takes longer than the answer."""
    person, chat = bindparam("person", type_=Words), bindparam("chat", type_=Words)
    one = select(literal(1).label("one")).subquery()
    whose = or_(grants.c.person == "", grants.c.person == person)
    where = or_(grants.c.chat_id == "", grants.c.chat_id == chat)
    # Each of a few grants with each of a few earlier ids; hardly anybody has two of either.
    found = (
        one.outerjoin(chat_terms, chat_terms.c.chat_id == chat)
        .outerjoin(_HERE, _HERE.c.chat_id == chat)
        .outerjoin(chats, chats.c.moved_to == chat)
        .outerjoin(grants, and_(whose, where))
    )
    return select(TERMS, _HERE.c.state, _HERE.c.moved_to, chats.c.chat_id, *_GRANT).select_from(found)


_PLACE = _place()


class Places:
    """The places in which people ask."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def at(self, person: str, chat: str) -> AtPlace:
        """Return what is stored of a person in a chat such as `telegram:-100123`, as of one moment."""
        async with self._database.read() as connection:
            rows = (await connection.execute(_PLACE, {"person": person, "chat": chat})).all()
        given = dict.fromkeys(tuple(row[4:]) for row in rows if row[4] is not None)
        earlier = sorted({row[3] for row in rows if row[3] is not None})
        text, state, moved_to = rows[0][:3]
        return AtPlace(
            tuple(map(_grant, given)),
            tuple(earlier),
            _terms(text, chat),
            None if state is None else ChatState(state),
            moved_to,
        )


def _terms(text: str | None, chat: str) -> ChatTerms | None:
    try:
        return terms_in(text, chat)
    except StoreError:
        return None


def _grant(row: tuple[Any, ...]) -> Grant:
    values = {column.name: value for column, value in zip(_GRANT, row, strict=True)}
    return Grant(chat=values.pop("chat_id"), **values)
