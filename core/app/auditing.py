"""The audit of the books: rows from the store, judged by the ledger's rules, one member after another."""

import asyncio
import logging

from core.domain.audit import Finding
from core.ledger.audit import (
    Collected,
    disagreements,
    misvalued,
    out_of_order,
    unbalanced,
    unguarded,
    unreadable,
    without_ballots,
)
from core.ledger.audit_replay import Replayed
from core.store.audit_pairs import BELONGING
from core.store.audit_rows import AuditRows
from core.store.store import Store

_QUICK_MOST = 400_000
_QUICK_S = 1.0
_LOGGED = 10
_BROKEN = (ValueError, TypeError, ArithmeticError, LookupError)
"""What reading or reckoning with a value of the wrong kind raises: a finding, and no end of the audit."""

log = logging.getLogger(__name__)


async def audit(store: Store, *, shorts: bool) -> tuple[Finding, ...]:
    """Hold all books against their ledger, at one moment, and return everything that is not as it must be.

    Raises:
        StoreError: the database cannot be read.
    """
    found = Collected()
    async with store.audits.snapshot() as rows:
        found.add(unguarded(await rows.unguarded()))
        for belonging in BELONGING:
            try:
                async for part in rows.pairs(belonging):
                    found.add(disagreements(part))
            except _BROKEN as error:
                found.add([unreadable(f"a row of “{belonging.rule}”", error)])
        try:
            found.add(out_of_order(await rows.sessions()))
            async for values in rows.values():
                found.add(misvalued(values))
        except _BROKEN as error:
            found.add([unreadable("sessions and daily values", error)])
        for season, member in await rows.accounts():
            try:
                await _member(rows, season, member, found, shorts=shorts)
            except _BROKEN as error:
                found.add([unreadable(f"season {season}, {member}", error)])
    return found.all()


async def _member(rows: AuditRows, season: str, member: str, found: Collected, *, shorts: bool) -> None:
    replayed = Replayed(await rows.books(season, member), await rows.actions(season), shorts=shorts)
    async for fills in rows.fills(season, member):
        found.add(replayed.add(fills))
    found.add(replayed.finish())
    cast = await rows.cast(season, member)
    async for orders in rows.ballot_orders(season, member):
        found.add(without_ballots(orders, cast, season=season, member=member))


async def running_check(store: Store) -> tuple[Finding, ...]:
    """Hold running totals against the database's own sums, and log what is not equal as an error.

    Takes a second at most: a ledger too long for that is skipped, which the log says.

    Raises:
        StoreError: the database cannot be read.
    """
    found: list[Finding] | None = None
    try:
        async with asyncio.timeout(_QUICK_S):
            if (accounts := await store.audits.sums(_QUICK_MOST)) is not None:
                found = list(unbalanced(accounts))
    except TimeoutError:
        pass
    except _BROKEN as error:
        found = [unreadable("the running totals", error)]
    if found is None:
        log.info("the books are too long for a check at every start; conclave audit checks them whole")
        return ()
    for finding in found[:_LOGGED]:
        log.error("the books do not balance: %s", finding.sentence)
    return tuple(found)
