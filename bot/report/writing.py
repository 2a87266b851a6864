"""The report as a file: written in pieces, and there whole or not at all."""

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.report import page
from core.domain.errors import Refused
from core.domain.run import RunRecord
from core.domain.season_report import SeasonReport
from core.domain.stage import ModelChat

ChatsOf = Callable[[RunRecord], Awaitable[Sequence[ModelChat]]]


async def write_report(
    report: SeasonReport, path: Path, *, zone: ZoneInfo = page.UTC_ZONE, chats_of: ChatsOf | None = None
) -> None:
    """Write the report to `path`, replacing what is there.

    `chats_of` is asked for the ModelChats of one run after the other, and no more than those of one run are
    in memory; without it they are the report's own.

    Raises:
        Refused: the file cannot be written; the sentence says why.
    """
    chats_of = chats_of or _own_chats(report)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        file = await asyncio.to_thread(part.open, "x", encoding="utf-8")
        try:
            await _write(report, file, zone, chats_of)
        finally:
            await asyncio.to_thread(file.close)
        await asyncio.to_thread(part.replace, path)
    except OSError as error:
        raise Refused(f"The report cannot be written to {path}: {error.strerror or error}.") from None
    finally:
        with suppress(OSError):  # where nothing can be made, nothing can be removed
            part.unlink(missing_ok=True)


def _own_chats(report: SeasonReport) -> ChatsOf:
    found: dict[str, list[ModelChat]] = {}
    for chat in report.chats:
        found.setdefault(chat.run_id, []).append(chat)

    async def chats_of(record: RunRecord) -> Sequence[ModelChat]:
        return found.get(record.run_id, ())

    return chats_of


async def _write(report: SeasonReport, file: TextIO, zone: ZoneInfo, chats_of: ChatsOf) -> None:
    def put_run(number: int, record: RunRecord, chats: Sequence[ModelChat]) -> None:
        file.write(page.run(number, record, chats, zone))

    def put_ending() -> None:
        file.write(page.ending(report))
        file.flush()
        os.fsync(file.fileno())

    await asyncio.to_thread(lambda: file.write(page.beginning(report, zone)))
    for number, record in enumerate(report.runs, 1):
        await asyncio.to_thread(put_run, number, record, await chats_of(record))
    await asyncio.to_thread(put_ending)
