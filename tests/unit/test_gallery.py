"""Pictures that many chats get at the same time."""

import asyncio

import pytest

from bot.gallery import Gallery


async def test_a_picture_is_drawn_once_for_all_who_ask_at_the_same_time() -> None:
    gallery, drawn = Gallery(), []

    async def draw() -> bytes:
        drawn.append(1)
        await asyncio.sleep(0)
        return b"png"

    found = await asyncio.gather(*(gallery.picture("curves", "monday", draw) for _ in range(20)))
    assert found == [b"png"] * 20
    assert len(drawn) == 1
    await gallery.picture("curves", "tuesday", draw)
    assert len(drawn) == 2


async def test_a_picture_that_could_not_be_drawn_is_tried_again_by_the_next_one() -> None:
    gallery = Gallery()

    async def fail() -> bytes:
        raise RuntimeError("no paint")

    async def draw() -> bytes:
        return b"png"

    with pytest.raises(RuntimeError):
        await gallery.picture("curves", "monday", fail)
    assert await gallery.picture("curves", "monday", draw) == b"png"
