"""A kind of damage to the tables of `tests.audit_scene`, and the names that its sentences have."""

# ruff: noqa: S608 - every statement here is our own

from typing import NamedTuple

from core.domain.audit import Rule
from core.domain.ballot import Action
from tests.audit_scene import result_of

CASH, TOTALS, HOLDING, CLOSED, MOVEMENT = (
    Rule.CASH,
    Rule.TOTALS,
    Rule.HOLDING,
    Rule.CLOSED_TRADE,
    Rule.MOVEMENT,
)
ALPHA, BETA, MOMENTUM = (f"season live, {name}" for name in ("alpha", "beta", "momentum"))
HOLD = result_of("alpha", Action.HOLD).model_dump_json()
ABSTAINED = result_of("alpha", None).model_dump_json()
USD = 10**8
OF_ALPHA, OF_BETA = "WHERE member = 'alpha'", "WHERE member = 'beta'"


class Damage(NamedTuple):
    """What is done to the tables, which rules an audit then finds broken, and one sentence of it."""

    what: str
    done: tuple[str, ...]
    broken: set[Rule]
    sentence: str


def cash_and_balance(change: str, amount: int, member: str) -> tuple[str, str]:
    """Change a movement and the balance with it, so that the sums still agree."""
    own = f"WHERE member = '{member}'"
    return (
        f"UPDATE cash_movements SET amount_usd = amount_usd + {amount} {own} AND {change}",
        f"UPDATE balances SET cash_usd = cash_usd + {amount} {own}",
    )
