"""A removed member takes no part any more, over restarts too; its books stay, and it can come back."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from core.domain.books import OrderCause, OrderState, Side
from core.domain.errors import Refused
from core.domain.member import REMOVED
from core.domain.season import Season
from core.store.store import Store
from tests.store_values import START, WANTED, begun, fill_of, order_of

pytest_plugins = ("tests.storage",)

LATER = START + timedelta(hours=20)
ADMIN = "telegram:1001"


async def opened(store: Store) -> None:
    await begun(store)
    async with store.books.locked(Season.LIVE) as books:
        await books.sessions.open_season("live", "SPY", START)
        await books.open_accounts(["alpha", "beta"], Decimal(10_000), START)


async def enabled(store: Store) -> list[str]:
    return [member.name for member in await store.members.all() if member.enabled]


async def test_who_is_removed_stays_so_when_the_same_configuration_is_read_again(store: Store) -> None:
    await store.members.seat(WANTED)
    assert await store.member_changes.remove("alpha", REMOVED, LATER, ADMIN) == 0
    seated = await store.members.seat(WANTED)
    assert [(one.name, one.enabled, one.removed_at) for one in seated] == [
        ("alpha", False, LATER),
        ("beta", True, None),
        ("momentum", True, None),
    ]
    assert await store.member_changes.remove("alpha", REMOVED, LATER, ADMIN) is None
    assert await store.members.bring_back("alpha")
    assert not await store.members.bring_back("alpha")
    assert await enabled(store) == ["alpha", "beta", "momentum"]


async def test_the_waiting_orders_of_its_ballots_go_and_all_else_stays(store: Store) -> None:
    await opened(store)
    async with store.books.locked(Season.LIVE) as books:
        await books.add_order(order_of("held"))
        await books.fill_order(fill_of(order_of("held")))
        await books.add_order(order_of("waits", created_at=LATER))
        call = order_of("call", side=Side.SELL, created_at=LATER, cause=OrderCause.MARGIN_CALL)
        await books.add_order(call)
        await books.add_order(order_of("other", "beta", created_at=LATER))
    assert await store.member_changes.waiting("alpha") == 1
    before = await store.books.portfolio(Season.LIVE, "alpha")
    assert await store.member_changes.remove("alpha", REMOVED, LATER + timedelta(hours=1), ADMIN) == 1
    assert [order.id for order in await store.books.pending(Season.LIVE)] == ["call", "other"]
    record = await store.runs.record("run00001")
    assert record is not None
    (gone,) = [order for order in record.orders if order.id == "waits"]
    assert (gone.state, gone.reason) == (OrderState.CANCELLED, "the member was removed")
    assert await store.books.portfolio(Season.LIVE, "alpha") == before
    assert before.positions


async def test_the_orders_of_a_replay_are_left_alone(store: Store) -> None:
    await opened(store)
    replay = Season("replay-1")
    async with store.books.locked(replay) as books:
        await books.sessions.open_season("replay", "SPY", START)
        await books.open_accounts(["alpha"], Decimal(10_000), START)
        await books.add_order(order_of("past", season=replay))
    assert await store.member_changes.remove("alpha", REMOVED, LATER, ADMIN) == 0
    assert [order.id for order in await store.books.pending(replay)] == ["past"]


async def test_of_two_admins_who_remove_the_last_two_one_is_refused(store: Store) -> None:
    await store.members.seat(WANTED[:2])
    done = await asyncio.gather(
        *(store.member_changes.remove(name, REMOVED, LATER, ADMIN) for name in ("alpha", "beta")),
        return_exceptions=True,
    )
    assert done.count(0) == 1
    (refused,) = [each for each in done if each != 0]
    assert isinstance(refused, Refused)
    assert "the last member that takes part" in str(refused)
    assert len(await enabled(store)) == 1


@pytest.mark.parametrize("crash_at", ["take_out", "cancel_order"])
async def test_a_crash_on_the_way_leaves_everything_as_it_was(
    store: Store, monkeypatch: pytest.MonkeyPatch, crash_at: str
) -> None:
    await opened(store)
    async with store.books.locked(Season.LIVE) as books:
        await books.add_order(order_of("waits"))

    async def crash(*_: object, **__: object) -> None:
        raise RuntimeError("the power is gone")

    with monkeypatch.context() as patch:
        patch.setattr(f"core.store.locked_books.LockedBooks.{crash_at}", crash)
        with pytest.raises(RuntimeError):
            await store.member_changes.remove("alpha", REMOVED, LATER, ADMIN)
    assert await enabled(store) == ["alpha", "beta", "momentum"]
    assert [order.id for order in await store.books.pending(Season.LIVE)] == ["waits"]
    assert await store.member_changes.remove("alpha", REMOVED, LATER, ADMIN) == 1
