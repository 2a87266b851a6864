"""Which rows belong together, for the audit: each rule as one query that returns only those that disagree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    literal_column,
    or_,
    select,
    type_coerce,
)

from core.domain.audit import Pair, Rule
from core.domain.books import MovementKind, OrderCause, OrderState
from core.domain.run import RunState
from core.store.column_types import Words
from core.store.season_tables import closed_trades, imports
from core.store.tables import cash_movements, fills, marks, orders, runs, seats


@dataclass(frozen=True)
class Belonging:
    """Rows of `source`, told by `label` with the values of `names`, each with a second row joined to it.

    The second row is missing where `there` is NULL; `same` names what both must say, first row first.
    """

    rule: Rule
    label: str
    names: tuple[Column[Any], ...]
    other_is: str
    source: FromClause
    there: Column[Any]
    same: Mapping[str, tuple[ColumnElement[Any], ColumnElement[Any]]] = field(default_factory=dict)
    where: tuple[ColumnElement[bool], ...] = ()

    def query(self) -> Select[Any]:
        """Return the query for rows whose second row is missing or says something else."""
        differs = [own.is_distinct_from(other) for own, other in self.same.values()]
        facts = [column for both in self.same.values() for column in both]
        columns = [column.label(f"c{number}") for number, column in enumerate((*self.names, *facts))]
        query = select(self.there.is_(None).label("missing"), *columns).select_from(self.source)
        return query.where(or_(self.there.is_(None), *differs), *self.where)

    def pair(self, row: Sequence[Any]) -> Pair:
        """Return what one row of the query says."""
        missing, values = row[0], row[1:]
        facts = values[len(self.names) :]
        where = self.label.format(*values[: len(self.names)])
        own = dict(zip(self.same, facts[::2], strict=True))
        other = None if missing else dict(zip(self.same, facts[1::2], strict=True))
        return Pair(self.rule, where, self.other_is, own, other)


def _word(text: str) -> ColumnElement[str]:
    return literal_column(f"'{text}'", Words)


def _negative(column: Column[Any]) -> ColumnElement[Any]:
    return type_coerce(-type_coerce(column, BigInteger), column.type)


_OF_FILL = ("season {}, {}, fill {}", (fills.c.season, fills.c.member, fills.c.id))
_OF_ORDER = ("season {}, {}, order {}", (orders.c.season, orders.c.member, orders.c.id))
_OF_SEAT = ("run {}, seat of {}", (seats.c.run_id, seats.c.member))
_WITH_FILLS = (MovementKind.TRADE, MovementKind.FEE)
_MADE_BY_A_RUN = orders.c.cause != OrderCause.IMPORT


def _fill_and_order() -> Belonging:
    names = ("season", "member", "run_id", "ticker", "side")
    enough = case((orders.c.shares < fills.c.shares, fills.c.shares), else_=orders.c.shares)
    return Belonging(
        Rule.FILL,
        *_OF_FILL,
        "its order",
        fills.outerjoin(orders, orders.c.id == fills.c.order_id),
        orders.c.id,
        same={
            **{name: (fills.c[name], orders.c[name]) for name in names},
            "state": (_word(OrderState.FILLED), orders.c.state),
            "end": (fills.c.filled_at, orders.c.ended_at),
            "shares": (type_coerce(enough, orders.c.shares.type), orders.c.shares),
        },
    )


def _fill_and_movement(kind: MovementKind, amount: ColumnElement[Any]) -> Belonging:
    moved = cash_movements.alias()
    return Belonging(
        Rule.MOVEMENT,
        *_OF_FILL,
        f"its {kind} movement",
        fills.outerjoin(moved, and_(moved.c.fill_id == fills.c.id, moved.c.kind == kind)),
        moved.c.number,
        same={
            "season": (fills.c.season, moved.c.season),
            "member": (fills.c.member, moved.c.member),
            "amount": (amount, moved.c.amount_usd),
            "time": (fills.c.filled_at, moved.c.at),
        },
    )


_OF_FILLS = (
    _fill_and_order(),
    _fill_and_movement(MovementKind.TRADE, fills.c.amount_usd),
    _fill_and_movement(MovementKind.FEE, _negative(fills.c.fee_usd)),
    Belonging(
        Rule.MOVEMENT,
        "season {}, {}, movement {}",
        (cash_movements.c.season, cash_movements.c.member, cash_movements.c.number),
        "its fill",
        cash_movements.outerjoin(fills, fills.c.id == cash_movements.c.fill_id),
        fills.c.id,
        where=(cash_movements.c.kind.in_(_WITH_FILLS),),
    ),
    Belonging(
        Rule.CLOSED_TRADE,
        "season {}, {}, closed trade {}",
        (closed_trades.c.season, closed_trades.c.member, closed_trades.c.number),
        "its fill",
        closed_trades.outerjoin(fills, fills.c.id == closed_trades.c.fill_id),
        fills.c.id,
        same={
            name: (closed_trades.c[name], fills.c[name]) for name in ("season", "member", "ticker", "session")
        },
    ),
)
_OF_ORDERS = (
    Belonging(
        Rule.ORDER,
        *_OF_ORDER,
        "its fill",
        orders.outerjoin(fills, fills.c.order_id == orders.c.id),
        fills.c.id,
        where=(orders.c.state == OrderState.FILLED,),
    ),
    Belonging(
        Rule.SEAT,
        *_OF_ORDER,
        "its seat",
        orders.outerjoin(seats, and_(seats.c.run_id == orders.c.run_id, seats.c.member == orders.c.member)),
        seats.c.run_id,
        where=(_MADE_BY_A_RUN,),
    ),
    Belonging(
        Rule.RUN,
        *_OF_ORDER,
        "its run",
        orders.outerjoin(runs, runs.c.run_id == orders.c.run_id),
        runs.c.run_id,
        same={name: (orders.c[name], runs.c[name]) for name in ("season", "ticker")},
        where=(_MADE_BY_A_RUN,),
    ),
    Belonging(
        Rule.IMPORT,
        *_OF_ORDER,
        "its import",
        orders.outerjoin(imports, imports.c.id == orders.c.import_id),
        imports.c.id,
        same={name: (orders.c[name], imports.c[name]) for name in ("season", "member")},
        where=(orders.c.cause == OrderCause.IMPORT,),
    ),
)
_reset = cash_movements.alias()
_SAME_RESET = and_(
    _reset.c.kind == MovementKind.RESET,
    _reset.c.season == orders.c.season,
    _reset.c.member == orders.c.member,
    type_coerce(_reset.c.at, BigInteger) == type_coerce(orders.c.ended_at, BigInteger) + 1,
)
_OF_RESETS = (
    Belonging(
        Rule.RESET,
        *_OF_ORDER,
        "the reset a microsecond after it",
        orders.outerjoin(_reset, _SAME_RESET),
        _reset.c.number,
        where=(orders.c.cause == OrderCause.RESET,),
    ),
)
_OF_RUNS = (
    Belonging(
        Rule.SEAT,
        *_OF_SEAT,
        "its run",
        seats.outerjoin(runs, runs.c.run_id == seats.c.run_id),
        runs.c.run_id,
    ),
    Belonging(
        Rule.SEAT,
        *_OF_SEAT,
        "its result",
        seats.join(runs, runs.c.run_id == seats.c.run_id),
        seats.c.result,
        where=(runs.c.state == RunState.FINISHED,),
    ),
    Belonging(
        Rule.RUN,
        "run {}",
        (runs.c.run_id,),
        "its verdict",
        runs,
        runs.c.verdict,
        where=(runs.c.state == RunState.FINISHED,),
    ),
    Belonging(
        Rule.RUN,
        "run {}",
        (runs.c.run_id,),
        "a seat in it",
        runs.outerjoin(seats, seats.c.run_id == runs.c.run_id),
        seats.c.run_id,
    ),
)
_OF_MARKS = (
    Belonging(
        Rule.MARK,
        "season {}, mark of {} at {}",
        (marks.c.season, marks.c.ticker, marks.c.at),
        "the mark",
        marks,
        marks.c.price,
        same={
            "price": (
                _word("above 0"),
                case((marks.c.price > 0, _word("above 0")), else_=_word("not above 0")),
            )
        },
    ),
)
BELONGING = (*_OF_FILLS, *_OF_ORDERS, *_OF_RESETS, *_OF_RUNS, *_OF_MARKS)
"""Every rule about two rows that belong together."""
