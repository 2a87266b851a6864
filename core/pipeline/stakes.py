"""How much money hangs on a verdict: what the ballots for each action would order. Pure."""

from decimal import Decimal

from core.config.settings import Trading
from core.domain.ballot import Action, Ballot
from core.domain.run import RunRecord
from core.domain.values import to_cents
from core.ledger.sizing import Situation, wish


def largest_orders(heard: RunRecord, price: Decimal, terms: Trading) -> dict[Action, Decimal]:
    """Return, for each action with an order, the value in USD of the largest that a ballot for it asks for.

    Each ballot is sized at `price` by the books that its member was told of; what other holdings leave no
    room for is not taken off. A member whose books have no price orders nothing.
    """
    largest: dict[Action, Decimal] = {}
    for seat in heard.voters:
        ballot, books = seat.result, seat.briefing
        if not isinstance(ballot, Ballot):
            continue
        situation = Situation(equity_usd=books.equity_usd, price=price)
        asked = wish(ballot, books.portfolio.position(heard.ticker), situation, terms)
        if asked is not None and (value := to_cents(asked.shares * price)):
            largest[ballot.action] = max(value, largest.get(ballot.action, value))
    return largest
