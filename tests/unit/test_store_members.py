"""Members keep their numbers for good."""

import asyncio
from decimal import Decimal

import pytest

from core.domain.errors import StoreError
from core.domain.member import MemberKind
from core.store.store import Store
from tests.store_values import NAMES, WANTED

pytest_plugins = ("tests.storage",)

GAMMA = ("gamma", MemberKind.LLM, Decimal("0.123456789012"), ("local:gamma",), False)


async def test_members_are_seated_in_the_order_wanted(store: Store) -> None:
    seated = await store.members.seat(WANTED)
    assert [(member.name, member.number, member.enabled) for member in seated] == [
        ("alpha", 1, True),
        ("beta", 2, True),
        ("momentum", 3, True),
    ]
    assert seated[0].route == ("openrouter:alpha/one", "local:alpha")
    assert seated[2].kind is MemberKind.BASELINE
    assert await store.members.all() == seated


async def test_a_member_that_is_no_longer_wanted_stays_without_taking_part(store: Store) -> None:
    await store.members.seat(WANTED)
    seated = await store.members.seat([GAMMA, WANTED[2]])
    assert [(member.name, member.number, member.enabled) for member in seated] == [
        ("gamma", 4, False),
        ("momentum", 3, True),
        ("alpha", 1, False),
        ("beta", 2, False),
    ]
    assert seated[0].weight == Decimal("0.123456789012")
    back = await store.members.seat(WANTED)
    assert [(member.name, member.number, member.enabled) for member in back][:2] == [
        ("alpha", 1, True),
        ("beta", 2, True),
    ]


async def test_a_name_is_wanted_once_only(store: Store) -> None:
    with pytest.raises(StoreError, match="same name"):
        await store.members.seat([GAMMA, GAMMA])


async def test_two_programs_that_start_at_once_agree_on_the_numbers(store: Store) -> None:
    seatings = await asyncio.gather(*(store.members.seat(WANTED[:count]) for count in (1, 2, 3, 3, 2, 1)))
    numbers = {(member.name, member.number) for seated in seatings for member in seated}
    assert len(numbers) == len(NAMES)
    assert {number for _, number in numbers} == {1, 2, 3}
