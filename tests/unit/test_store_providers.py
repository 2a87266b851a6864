"""What is known of keys and routes, kept on both databases."""

from datetime import timedelta
from decimal import Decimal

from core.clock import ManualClock
from core.domain.calls import Call, Caller, CallOutcome
from core.domain.provider_health import DialectState, KeyCondition, KeyState, RouteState
from core.domain.usage import Spend
from core.store.store import Store
from tests.store_values import START

pytest_plugins = ("tests.storage",)

HOUR = timedelta(hours=1)
KEY = KeyState(
    provider="openrouter",
    key="main",
    condition=KeyCondition.NO_CREDIT,
    model="openai/gpt-5",
    since=START,
    until=START + HOUR,
    reason="requires more credits",
    mark="salt:hash",
    at=START,
)
ROUTE = RouteState(
    provider="openrouter", model="openai/gpt-5", down=True, since=START, until=START + HOUR, at=START
)


async def test_notes_come_back_as_they_were(store: Store) -> None:
    await store.providers.keep_key(KEY)
    await store.providers.keep_route(ROUTE)
    assert await store.providers.read() == ((KEY,), (ROUTE,))


async def test_how_a_model_wants_to_be_asked_is_kept_for_each_address_and_the_newer_stays(
    store: Store,
) -> None:
    here = DialectState(
        provider="openrouter",
        base_url="http://one/v1",
        model="openai/gpt-5",
        form="json_object",
        limit_field="max_tokens",
        temperature=False,
        at=START + HOUR,
    )
    there = here.model_copy(update={"base_url": "http://two/v1", "form": "text"})
    for state in (here, there, here.model_copy(update={"form": "json_schema", "at": START})):
        await store.providers.keep_dialect(state)
    assert set(await store.providers.dialects()) == {here, there}


async def test_the_newer_note_stays_whatever_comes_last(store: Store) -> None:
    back = ROUTE.model_copy(
        update={
            "down": False,
            "was_down_since": START,
            "since": START + HOUR,
            "until": None,
            "at": START + HOUR,
        }
    )
    usable = KEY.model_copy(update={"condition": KeyCondition.USABLE, "at": START + HOUR, "until": None})
    for key, route in ((usable, back), (KEY, ROUTE)):
        await store.providers.keep_key(key)
        await store.providers.keep_route(route)
    assert await store.providers.read() == ((usable,), (back,))
    other = KEY.model_copy(update={"model": ""})
    await store.providers.keep_key(other)
    assert set((await store.providers.read())[0]) == {usable, other}


async def test_the_use_of_a_key_is_counted_from_the_record_of_calls(store: Store, clock: ManualClock) -> None:
    made = [
        Call(
            id=f"c{number}",
            at=START + number * HOUR,
            caller=Caller(),
            provider="openrouter",
            model="m",
            key=key,
            outcome=CallOutcome.ANSWERED,
            spend=Spend(calls=1, cost_usd=Decimal("0.01")),
        )
        for number, key in enumerate(("main", "main", "spare", ""))
    ]
    await store.calls.add(made)
    assert await store.providers.used(START + HOUR) == {("openrouter", "main"): 1, ("openrouter", "spare"): 1}
