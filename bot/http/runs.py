"""`POST /runs` and what can be read of a run, also while it goes on."""

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web

from bot.documents import chat_document, run_document
from bot.http.guard import body_of
from bot.http.problems import ASKED_BY, REQUEST_ID, Problem, problem_document, problem_of
from bot.http.progress import event_of
from bot.http.sending import EventStream, answered
from bot.http.symbols import ticker_of
from bot.http.wanted import RunsWanted, read_json
from bot.present.price import price_told
from core.app.app import App
from core.domain.errors import ConclaveError, NotFound
from core.domain.events import RunEnded, RunEvent, RunStarted
from core.domain.ids import ALPHABET
from core.domain.instrument import parse_ticker
from core.domain.run import ASKED_ONCE, RunRecord, RunRequest

BEGINS_WITHIN_S = 120.0
HEARTBEAT_S = 15.0
MOST_READERS = 256
MOST_BEGINNING = 50
EVENT_STREAM = "text/event-stream"
_RUN_ID = re.compile(f"[{ALPHABET}]{{8}}")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class ApiRuns:
    """Starts runs and tells of them. A run goes on whoever goes away; it is stopped in a chat."""

    def __init__(self, app: App, *, heartbeat_s: float = HEARTBEAT_S) -> None:
        self._app = app
        self._heartbeat_s = heartbeat_s
        self._readers = 0
        self._beginning = 0

    @property
    def readers(self) -> int:
        """How many read the progress of a run."""
        return self._readers

    async def start(self, request: web.Request) -> web.StreamResponse:
        """Start a run for each ticker, or join those that go on, and answer as soon as they have begun."""
        wanted = read_json(RunsWanted, await body_of(request))
        tickers = tuple(dict.fromkeys(parse_ticker(ticker_of(ticker)) for ticker in wanted.tickers))
        requests = await self._requests(request, wanted, tickers)
        if not wanted.confirmed and (price := await self._app.price_to_confirm(requests)):
            raise Problem(
                HTTPStatus.CONFLICT, f'{price_told(price)}: send it again with "confirmed": true to go.'
            )
        if self._beginning + len(requests) > MOST_BEGINNING:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "The evidence of many runs is being gathered; ask again in a moment.",
                headers={"Retry-After": "5"},
            )
        self._beginning += len(requests)
        try:
            begun = await asyncio.gather(*(self._begun(one) for one in requests), return_exceptions=True)
        finally:
            self._beginning -= len(requests)
        started: list[dict[str, Any]] = []
        refused: list[dict[str, Any]] = []
        failures: list[Exception] = []
        for one, outcome in zip(requests, begun, strict=True):
            if isinstance(outcome, RunRecord):
                started.append(_started(outcome))
            elif isinstance(outcome, Exception):
                failures.append(outcome)
                problem = problem_of(outcome, request[REQUEST_ID])
                refused.append({"ticker": one.ticker} | problem_document(problem, request[REQUEST_ID]))
            else:
                raise outcome
        if not started:
            raise failures[0]
        document = {"request_id": request[REQUEST_ID], "runs": started, "refused": refused}
        return answered(document, HTTPStatus.ACCEPTED, {"Location": started[0]["url"]})

    async def _requests(
        self, request: web.Request, wanted: RunsWanted, tickers: tuple[str, ...]
    ) -> list[RunRequest]:
        asked_by, key = request[ASKED_BY], request.headers.get("Idempotency-Key")
        if key is not None and not _KEY.fullmatch(key):
            raise Problem(
                HTTPStatus.BAD_REQUEST, "Idempotency-Key must be 1 to 255 signs of ASCII without spaces."
            )
        as_of = await self._moment(wanted.as_of)
        once = [_once(asked_by, key, place) if key else None for place in range(len(tickers))]
        present = self._app.clock.now() if len(tickers) > 1 else None
        return [
            RunRequest(
                ticker=ticker,
                preset=wanted.preset or self._app.settings.pipeline.preset,
                as_of=as_of,
                members=tuple(dict.fromkeys(wanted.members)),
                requested_by=f"http:{asked_by}",
                requested_in="http",
                once=occasion,
                present=present,
                weights=wanted.weights,
            )
            for ticker, occasion in zip(tickers, once, strict=True)
        ]

    async def _moment(self, text: str | None) -> datetime | None:
        if text is None:
            return None
        from core.app.moments import as_of_from

        # In a thread, because the first question loads the calendar.
        return await asyncio.to_thread(as_of_from, text)

    async def _begun(self, wanted: RunRequest) -> RunRecord:
        """Start a run and return its record as soon as it is asked for; the run goes on by itself."""
        try:
            async with asyncio.timeout(BEGINS_WITHIN_S), aclosing(_closable(self._app.run(wanted))) as events:
                async for event in events:
                    if isinstance(event, RunStarted | RunEnded):
                        return await self._same(event.record, wanted)
        except TimeoutError:
            raise Problem(
                HTTPStatus.GATEWAY_TIMEOUT,
                f"The evidence of {wanted.ticker} is not there yet; send the same once more to join the run.",
            ) from None
        raise ConclaveError(f"The run of {wanted.ticker} did not begin.")

    async def _same(self, record: RunRecord, wanted: RunRequest) -> RunRecord:
        """Return a run that is what was asked for; with a key that came before it may be another."""
        if wanted.once is None or await self._app.began(record.run_id, wanted):
            return record
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "This Idempotency-Key was sent with another request before; take a new one for each request.",
        )

    async def one(self, request: web.Request) -> web.StreamResponse:
        """Answer with a run as it stands, or tell what happens in it until its end."""
        record = await self._record(request)
        if EVENT_STREAM in request.headers.get("Accept", ""):
            return await self._follow(request, record)
        return answered(run_document(record, self._app.clock.now()))

    async def member(self, request: web.Request) -> web.StreamResponse:
        """Answer with the complete record of one member in a run."""
        record = await self._record(request)
        return answered(
            chat_document(await self._app.model_chat(record.run_id, request.match_info["member"]))
        )

    async def _record(self, request: web.Request) -> RunRecord:
        run_id = request.match_info["run_id"].lower()
        if _RUN_ID.fullmatch(run_id):
            try:
                return await self._app.run_record(run_id)
            except NotFound:
                pass
        raise Problem(HTTPStatus.NOT_FOUND, "There is no run of this id.")

    async def _follow(self, request: web.Request, record: RunRecord) -> web.StreamResponse:
        if self._readers >= MOST_READERS:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"{MOST_READERS} readers follow runs already; ask for the run without its progress.",
                headers={"Retry-After": "30"},
            )
        stream = EventStream(request, request[REQUEST_ID])
        self._readers += 1
        try:
            await stream.begin()
            await self._tell(stream, record, request[REQUEST_ID])
            return await stream.end()
        except ConnectionError:
            # The reader is gone or takes nothing; the run goes on.
            return stream.left()
        finally:
            self._readers -= 1

    async def _tell(self, stream: EventStream, record: RunRecord, request_id: str) -> None:
        """Send what the reader has not had yet, and how the run ended in any case."""
        number = 0
        try:
            async with aclosing(_closable(self._app.watch(record.run_id))) as events:
                async for event in _with_pauses(events, self._heartbeat_s):
                    if event is None:
                        await stream.heartbeat()
                        continue
                    number += 1
                    if isinstance(event, RunEnded):
                        # Told in any case, and under a number that this reader has not had.
                        number = max(number, stream.last_id + 1)
                    if number > stream.last_id:
                        name, document = event_of(event, self._app.clock.now())
                        await stream.event(number, name, document)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - the boundary: the head of the answer is out already
            problem = problem_document(problem_of(error, request_id), request_id)
            await stream.event(number + 1, "problem", problem)


async def _with_pauses(events: AsyncIterator[RunEvent], pause_s: float) -> AsyncIterator[RunEvent | None]:
    """Tell the events, and None whenever none came for so many seconds."""
    upcoming = asyncio.ensure_future(anext(events, None))
    try:
        while True:
            await asyncio.wait({upcoming}, timeout=pause_s)
            if not upcoming.done():
                yield None
                continue
            event = upcoming.result()
            if event is None:
                return
            yield event
            upcoming = asyncio.ensure_future(anext(events, None))
    finally:
        upcoming.cancel()
        await asyncio.wait({upcoming})


async def _closable(events: AsyncIterator[RunEvent]) -> AsyncGenerator[RunEvent, None]:
    """Tell the same events, and listen no longer once this is closed."""
    try:
        async for event in events:
            yield event
    finally:
        if isinstance(events, AsyncGenerator):
            await events.aclose()


def _once(asked_by: str, key: str, place: int) -> str:
    """Name the occasion: who asks with the same key again gets the same run. The key itself is not kept."""
    return f"{ASKED_ONCE}{hashlib.sha256(f'{asked_by} {key}'.encode()).hexdigest()[:40]}:{place}"


def _started(record: RunRecord) -> dict[str, Any]:
    return {
        "run_id": record.run_id,
        "ticker": record.ticker,
        "state": record.state.value,
        "url": f"/runs/{record.run_id}",
    }
