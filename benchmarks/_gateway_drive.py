"""What drives one side of `benchmarks.gateway`, in a process of its own. Of the standard library alone, for
one of the sides runs in an environment that has nothing of ours.

The first line of the standard input is the request that all sides send; each further line is a batch,
`{"calls": 600, "at_once": 20}`, and is answered with a line of what it took.
"""

import asyncio
import gc
import itertools
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Call = Callable[[int, int], Awaitable[object]]
"""Makes call `number` in place `place` of those that are under way at once."""


@dataclass(frozen=True)
class Side:
    """A side that is ready: its call, what ends a batch, and what ends all."""

    call: Call
    end: Callable[[], Awaitable[object]]
    close: Callable[[], Awaitable[object]]


def peak_mb() -> float:
    """Return the most memory that this process has had, in MB; nothing of whoever started it."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def turns(request: Json, number: int) -> list[dict[str, str]]:
    """Return the request's messages, of which no two are the same."""
    *before, last = request["messages"]
    return [*before, {**last, "content": f"{last['content']} This is question {number}."}]


async def _batch(side: Side, numbers: "itertools.count[int]", calls: int, at_once: int) -> Json:
    left = calls

    async def worker(place: int) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await side.call(next(numbers), place)

    gc.collect()
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    await asyncio.gather(*(worker(place) for place in range(at_once)))
    await side.end()
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    return {
        "wall": wall,
        "user": after.ru_utime - before.ru_utime,
        "system": after.ru_stime - before.ru_stime,
        "peak_mb": peak_mb(),
    }


async def _serve(open_side: Callable[[Json], Awaitable[Side]]) -> None:
    side = await open_side(json.loads(sys.stdin.readline()))
    numbers = itertools.count(1)
    print(json.dumps({"ready": True}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await _batch(side, numbers, **json.loads(line))), flush=True)
    await side.close()


def drive(open_side: Callable[[Json], Awaitable[Side]]) -> None:
    """Make the side from the request, and run batches until the input ends."""
    asyncio.run(_serve(open_side))
