"""What a chat has spent, given to the chat that it has become."""

from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.budget_tables import budget_holds, budget_scopes
from core.store.call_rows import hold_budgets
from core.store.call_tables import calls
from core.store.inserting import insert_new

_KINDS = ("chat", "person")


async def move_budgets(connection: AsyncConnection, old: str, new: str) -> None:
    """Let calls, holds and budgets of `old` be those of `new`, within a transaction.

    Whoever writes as an anonymous administrator goes by the id of the chat, so it may be a person's as well.
    """
    await hold_budgets(connection)
    for kind in _KINDS:
        await connection.execute(update(calls).where(calls.c[kind] == old).values({kind: new}))
        before = f"{kind}:{old}:"
        of_old = budget_scopes.c.scope.startswith(before, autoescape=True)
        for row in (await connection.execute(select(budget_scopes).where(of_old))).mappings().all():
            await _move_row(connection, dict(row), f"{kind}:{new}:{row['scope'].removeprefix(before)}")
        await connection.execute(delete(budget_scopes).where(of_old))
    for row in (await connection.execute(select(budget_holds))).mappings().all():
        amounts = {_moved(scope, old, new): amount for scope, amount in row["amounts"].items()}
        scopes = [_moved(scope, old, new) for scope in row["scopes"]]
        if scopes != row["scopes"]:
            change = update(budget_holds).where(budget_holds.c.id == row["id"])
            await connection.execute(change.values(amounts=amounts, scopes=scopes))


async def _move_row(connection: AsyncConnection, row: dict[str, Any], scope: str) -> None:
    """Add a scope's row to that of another, which may not be there yet."""
    named = insert_new(connection, budget_scopes).values({**row, "scope": scope})
    if (await connection.execute(named)).rowcount:
        return
    await connection.execute(
        update(budget_scopes)
        .where(budget_scopes.c.scope == scope)
        .values(spent=budget_scopes.c.spent + row["spent"], held=budget_scopes.c.held + row["held"])
    )


def _moved(scope: str, old: str, new: str) -> str:
    for kind in _KINDS:
        before = f"{kind}:{old}:"
        if scope.startswith(before):
            return f"{kind}:{new}:{scope.removeprefix(before)}"
    return scope
