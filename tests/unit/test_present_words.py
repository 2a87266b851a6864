"""The words in front of people."""

from decimal import Decimal

from bot.present.words import cost_of
from core.domain.usage import Spend


def test_a_cost_that_nobody_knows_is_not_said_to_be_nothing() -> None:
    assert cost_of(Spend(calls=2)) == "$0"
    assert cost_of(Spend(calls=2, cost_usd=Decimal("0.01"))) == "$0.01"
    assert cost_of(Spend(calls=2, unpriced_calls=2)) == "cost unknown"
    assert cost_of(Spend(calls=2, cost_usd=Decimal("0.01"), unpriced_calls=1)) == "over $0.01"
