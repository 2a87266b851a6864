"""`conclave serve` under a clock that a test turns, in a process of its own, so that it can be killed.

Each line on standard input is the moment to go to, ISO 8601; the first is where it starts. After each pass
through the books a line tells the moment at which it began.
"""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import timer
from bot.serve import serve
from core.app.assemble import open_app
from core.config.loading import settings_from

SPEED = 5.0
"""How many seconds of the arena pass in a real one."""
TICK_S, BOOKS_S = 0.05, 0.2


class Dial:
    """A clock that a test turns; in between it goes on, faster than the real one."""

    def __init__(self, now: datetime) -> None:
        self.turn(now)

    def turn(self, now: datetime) -> None:
        self._base, self._turned = now, time.monotonic()

    def now(self) -> datetime:
        return self._base + timedelta(seconds=SPEED * (time.monotonic() - self._turned))

    def monotonic(self) -> float:
        return SPEED * time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


async def _lines() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


async def _turned(dial: Dial, lines: asyncio.StreamReader) -> None:
    while line := await lines.readline():
        dial.turn(datetime.fromisoformat(line.decode().strip()))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main(settings: Path) -> None:
    lines = await _lines()
    dial = Dial(datetime.fromisoformat((await lines.readline()).decode().strip()))
    turning = asyncio.create_task(_turned(dial, lines))
    app = await open_app(settings_from(json.loads(settings.read_text()), {}, name="fortnight"), clock=dial)
    through = timer.Timer.books

    async def books(self: timer.Timer) -> None:
        began = dial.now()
        await through(self)
        say(f"books {began.astimezone(UTC).isoformat()}")

    timer.Timer.books = books  # type: ignore[method-assign]
    timer.TICK_S, timer.BOOKS_S = TICK_S, BOOKS_S
    try:
        await serve(app, say)
    finally:
        turning.cancel()
        await app.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
