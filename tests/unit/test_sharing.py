"""A page is posted in a thread by one person, and by another only where it is surely not there."""

import asyncio

from core.app.sharing import ON_ITS_WAY, Sharing
from core.clock import ManualClock
from core.domain.shared import Shared
from core.store.store import Store
from tests.store_values import START

pytest_plugins = ("tests.storage",)

HERE, PAGE, ANN, BEN = "slack:C1/17.1", "t.k3v9.1.5.1", "slack:U1", "slack:U2"


async def test_of_many_who_share_a_page_at_once_one_posts_it_and_the_others_learn_where_it_is(
    store: Store,
) -> None:
    sharing = Sharing(store, ManualClock(START))
    begun = await asyncio.gather(*(sharing.begin(HERE, PAGE, ANN) for _ in range(5)))
    assert begun.count(None) == 1
    assert begun.count(Shared(ANN, None)) == 4
    await sharing.posted(HERE, PAGE, "17.2")
    assert await sharing.begin(HERE, PAGE, BEN) == Shared(ANN, "17.2")


async def test_another_page_and_another_thread_are_another_matter(store: Store) -> None:
    sharing = Sharing(store, ManualClock(START))
    assert await sharing.begin(HERE, PAGE, ANN) is None
    assert await sharing.begin(HERE, "t.k3v9.1.5.2", ANN) is None
    assert await sharing.begin("slack:C1/17.9", PAGE, ANN) is None


async def test_what_failed_may_be_tried_again_at_once_and_what_never_ended_after_a_while(
    store: Store,
) -> None:
    clock = ManualClock(START)
    sharing = Sharing(store, clock)
    assert await sharing.begin(HERE, PAGE, ANN) is None
    await sharing.failed(HERE, PAGE)
    assert await sharing.begin(HERE, PAGE, BEN) is None
    assert await sharing.begin(HERE, PAGE, ANN) == Shared(BEN, None)
    clock.advance(ON_ITS_WAY.total_seconds())
    assert await sharing.begin(HERE, PAGE, ANN) is None
    assert await sharing.begin(HERE, PAGE, BEN) == Shared(ANN, None)


async def test_a_deleted_message_makes_room_for_one_more_and_a_failure_never_forgets_one_that_stands(
    store: Store,
) -> None:
    sharing = Sharing(store, ManualClock(START))
    await sharing.begin(HERE, PAGE, ANN)
    await sharing.posted(HERE, PAGE, "17.2")
    await sharing.failed(HERE, PAGE)
    assert await sharing.begin(HERE, PAGE, BEN, gone="17.1") == Shared(ANN, "17.2")
    assert await sharing.begin(HERE, PAGE, BEN, gone="17.2") is None
    assert await sharing.begin(HERE, PAGE, ANN, gone="17.2") == Shared(BEN, None)
