"""The one-time code by which the first admin is known."""

import asyncio
import re

import pytest

from core.app.claims import GOOD_FOR, MAX_TRIES, Claims
from core.clock import ManualClock
from core.domain.errors import NotAllowed, Refused
from core.store.store import Store

pytest_plugins = ("tests.storage",)


@pytest.fixture
def claims(store: Store, clock: ManualClock) -> Claims:
    return Claims(store, clock)


async def test_whoever_types_the_code_first_has_claimed_it_and_nobody_after(claims: Claims) -> None:
    claim = await claims.open()
    assert re.fullmatch("[2-9A-Z]{4}-[2-9A-Z]{4}", claim.code)
    assert await claims.claimed_by(claim) is None
    people = [f"telegram:{number}" for number in range(1, 6)]
    taken = await asyncio.gather(*(claims.take(claim.code, who) for who in people), return_exceptions=True)
    assert taken.count(None) == 1
    assert sum(isinstance(one, Refused) for one in taken) == 4
    assert await claims.claimed_by(claim) == people[taken.index(None)]
    assert await claims.has_admin("telegram", ())
    assert not await claims.has_admin("slack", ())
    assert await claims.has_admin("slack", ("slack:U0ALICE",))


async def test_a_code_may_be_typed_in_small_letters_and_without_its_dash(claims: Claims) -> None:
    claim = await claims.open()
    await claims.take(f" {claim.code.lower().replace('-', '')} ", "slack:U0ALICE")
    assert await claims.claimed_by(claim) == "slack:U0ALICE"


async def test_after_five_wrong_codes_the_right_one_is_worth_nothing(claims: Claims) -> None:
    claim = await claims.open()
    for _ in range(MAX_TRIES):
        assert await claims.waits()
        with pytest.raises(NotAllowed, match="not the code"):
            await claims.take("AAAA-AAAA", "telegram:666")
    assert not await claims.waits()
    with pytest.raises(Refused, match="No code waits"):
        await claims.take(claim.code, "telegram:1001")
    assert not await claims.has_admin("telegram", ())


async def test_a_code_is_good_for_ten_minutes_and_a_new_one_ends_the_old(
    claims: Claims, clock: ManualClock
) -> None:
    old = await claims.open()
    new = await claims.open()
    with pytest.raises(NotAllowed):
        await claims.take(old.code, "telegram:1001")
    clock.advance(GOOD_FOR.total_seconds() - 1)
    assert await claims.waits()
    clock.advance(1)
    assert not await claims.waits()
    with pytest.raises(Refused, match="No code waits"):
        await claims.take(new.code, "telegram:1001")
