"""Answers as JSON, and events as a stream."""

import asyncio
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

SEND_WITHIN_S = 30.0
"""A reader who takes nothing for so long is left."""
LONGEST_ID = 2**31


def answered(
    document: object, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return a document as an answer, which no one in between may keep."""
    return web.Response(
        status=status,
        text=json.dumps(document, ensure_ascii=False) + "\n",
        content_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


class EventStream:
    """Server-sent events to one reader. What the reader does not take holds up nobody else."""

    def __init__(self, request: web.Request, request_id: str) -> None:
        self._request = request
        self._response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream; charset=utf-8",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",  # nginx would keep events back
                "X-Request-Id": request_id,
            }
        )

    @property
    def last_id(self) -> int:
        """The number of the last event that the reader had before, 0 for none."""
        given = self._request.headers.get("Last-Event-ID", "")
        number = (
            int(given) if given.isascii() and given.isdigit() and len(given) <= len(str(LONGEST_ID)) else 0
        )
        return min(number, LONGEST_ID)

    async def begin(self) -> None:
        """Send the head of the answer."""
        await self._within(self._response.prepare(self._request))

    async def event(self, number: int, name: str, document: Mapping[str, Any]) -> None:
        """Send an event.

        Raises:
            ConnectionError: the reader is gone, or has taken nothing for too long.
        """
        # JSON has no raw line breaks, so that one line of data is enough.
        data = json.dumps(document, ensure_ascii=False)
        await self._write(f"id: {number}\nevent: {name}\ndata: {data}\n\n")

    async def heartbeat(self) -> None:
        """Send a sign of life, which readers pass over.

        Raises:
            ConnectionError: as `event`.
        """
        await self._write(": still here\n\n")

    async def end(self) -> web.StreamResponse:
        """End the stream, and return it as the answer."""
        await self._within(self._response.write_eof())
        return self._response

    def left(self) -> web.StreamResponse:
        """Give the reader up, and return the stream as the answer."""
        if (transport := self._request.transport) is not None:
            transport.abort()
        return self._response

    async def _write(self, text: str) -> None:
        await self._within(self._response.write(text.encode("utf-8", "replace")))

    async def _within(self, sending: Any) -> None:
        try:
            async with asyncio.timeout(SEND_WITHIN_S):
                await sending
        except TimeoutError:
            raise ConnectionError("the reader takes nothing") from None
