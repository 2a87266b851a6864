"""What calls ask of a budget that processes share, for tests of its store."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from core.domain.budgets import Limit, Wish
from core.domain.calls import Call, Caller, CallOutcome
from core.domain.usage import Spend
from core.llm.scopes import counts_of, scopes_of
from core.store.store import Store
from tests.store_values import START

ZONE = ZoneInfo("America/New_York")
DAY = START.astimezone(ZONE).date()
DAY_SCOPE = f"day:{DAY}"
LEASE = timedelta(minutes=15)


def call(number: object, cost: str = "0.40", tokens: int = 0, **caller: str) -> Call:
    return Call(
        id=f"call-{number}",
        at=START,
        caller=Caller(**{"run_id": "r1", "tier": "premium", **caller}),
        provider="openrouter",
        model="m",
        key="main",
        outcome=CallOutcome.LOST,
        spend=Spend(prompt_tokens=tokens, cost_usd=Decimal(cost), calls=1),
    )


def wish(made: Call, *scopes: str, most: str = "1.00", guessed: bool = False) -> Wish:
    limits = tuple(Limit(scope, Decimal(most), counts_of(scope, ZONE)) for scope in scopes or (DAY_SCOPE,))
    return Wish(made, scopes_of(made, DAY), limits, START + LEASE, guessed)


async def standing(store: Store, scope: str = DAY_SCOPE) -> tuple[Decimal, Decimal]:
    found = await store.budgets.standing(Limit(scope, Decimal(0), counts_of(scope, ZONE)))
    return found.spent, found.held
