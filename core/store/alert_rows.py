"""Alerts: what has happened, each once, and to which subscriptions it is told."""

from collections.abc import Callable, Sequence

from sqlalchemy import select, type_coerce
from sqlalchemy.types import Text

from core.domain.alert import Alert
from core.domain.errors import StoreError
from core.domain.subscription import ChatTerms, Planned, Subscription, Topic
from core.store.database import Database
from core.store.due_changes import put_planned
from core.store.due_rows import ACTIVE, SUBSCRIPTION, TERMS, WITH_TERMS, readable, subscription_and_terms_of
from core.store.inserting import add_new
from core.store.schedule_tables import alerts, subscriptions

Telling = Callable[[Alert, Subscription, ChatTerms], Planned | None]
"""When an alert is told to a subscription, None where it is not; the key is the alert's own."""


_PART = 500


class Alerts:
    """All alerts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, noticed: Sequence[Alert], telling: Telling | None = None) -> tuple[Alert, ...]:
        """Store alerts, and return those that were new; one with a known key is the same as that.

        With `telling`, each new one becomes due slots of active subscriptions to alerts in the same
        transaction, so that none is known but told to nobody.
        """
        async with self._database.write() as connection:
            # In one order: two processes that notice the same wait for each other, and not both.
            in_order = sorted(noticed, key=lambda alert: alert.key)
            new = {
                alert.key
                for alert in in_order
                if await add_new(
                    connection,
                    alerts,
                    {"key": alert.key, "kind": alert.kind, "at": alert.at, "alert": alert},
                )
            }
            added = tuple({alert.key: alert for alert in noticed if alert.key in new}.values())
            if added and telling is not None:
                query = select(*SUBSCRIPTION, TERMS).select_from(WITH_TERMS)
                query = query.where(ACTIVE, subscriptions.c.topic == Topic.ALERTS)
                rows = (await connection.execute(query)).all()
                for start in range(0, len(rows), _PART):
                    # Part by part: ten thousand subscriptions as values would be memory for nothing.
                    told = list(readable(rows[start : start + _PART], subscription_and_terms_of))
                    slots = [
                        (one.number, telling(alert, one, terms)) for alert in added for one, terms in told
                    ]
                    await put_planned(connection, [(number, slot) for number, slot in slots if slot])
            return added

    async def get(self, key: str) -> Alert | None:
        """Return an alert, or None.

        Raises:
            StoreError: its row is damaged.
        """
        query = select(type_coerce(alerts.c.alert, Text())).where(alerts.c.key == key)
        async with self._database.read() as connection:
            text = (await connection.execute(query)).scalar()
        try:
            return None if text is None else Alert.model_validate_json(text)
        except ValueError:
            raise StoreError(f"The alert {key} is damaged in the database; it cannot be told.") from None
