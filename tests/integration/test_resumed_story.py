"""A resumed run tells what was done before, so that its progress goes on instead of starting over."""

from collections import defaultdict
from pathlib import Path

from core.domain.events import RunStarted, StageFinished
from tests import arena
from tests.loopback.model_replies import filled, hangs
from tests.loopback.model_server import ModelServer


async def test_the_stages_of_before_are_told_again_in_their_order(tmp_path: Path) -> None:
    async with ModelServer() as models:
        for name in arena.FIVE:
            models.opine(f"{name}/{name}-1", arena.opinion(name))
        models.say_next("qwen/qwen-1", *[filled(arena.opinion("qwen"))] * 7, hangs())
        first = await arena.opened(models.base_url, tmp_path)
        stored = 0
        async for event in first.run(arena.request()):
            stored += isinstance(event, StageFinished)
            if stored == 12 * 4 + 7:
                break
        await first.close()
        second = await arena.opened(models.base_url, tmp_path)
        (run_id,) = await second.resume_interrupted()
        events = [event async for event in second.watch(run_id)]
        await second.close()
    assert isinstance(events[0], RunStarted)
    assert events[0].resumed
    counts = defaultdict(list)
    for event in events:
        if isinstance(event, StageFinished):
            counts[event.member].append((event.done, event.total))
    assert set(counts) == set(arena.FIVE)
    assert all(told == [(number, 12) for number in range(1, 13)] for told in counts.values())
