"""Questions that are asked at the same time, answered in one transaction: at a busy moment it costs most."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.errors import StoreError

_Q = TypeVar("_Q")
_A = TypeVar("_A")

_MOST = 200
_TOLD_AT_ONCE = 16

_log = logging.getLogger(__name__)


@dataclass
class _Asked(Generic[_Q, _A]):
    question: _Q
    answer: "asyncio.Future[_A]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def settle(self, outcome: _A | Exception) -> None:
        if self.answer.done():  # whoever asked was cancelled
            return
        if isinstance(outcome, Exception):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)


class Together(Generic[_Q, _A]):
    """Takes questions one by one, and answers those that wait, at most 200, in a transaction of `begin`.

    `answer` gives one answer for each question, in their order. Whoever asks hears it after the commit, and
    the transaction began after they had asked.
    """

    def __init__(
        self,
        begin: Callable[[], AbstractAsyncContextManager[AsyncConnection]],
        answer: Callable[[AsyncConnection, Sequence[_Q]], Awaitable[Sequence[_A]]],
    ) -> None:
        self._begin = begin
        self._answer = answer
        self._waiting: list[_Asked[_Q, _A]] = []
        self._worker: asyncio.Task[None] | None = None

    async def ask(self, question: _Q) -> _A:
        """Return the answer.

        Raises:
            StoreError: the database cannot be used.
        """
        asked = _Asked[_Q, _A](question)
        self._waiting.append(asked)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work(), name="questions together")
            self._worker.add_done_callback(self._given_up)
        return await asked.answer

    def _given_up(self, worker: "asyncio.Task[None]") -> None:
        """Let nobody wait for a worker that was cancelled, maybe before it began."""
        if worker.cancelled() and worker is self._worker:
            for asked in self._waiting:
                asked.answer.cancel()
            self._waiting = []

    async def _work(self) -> None:
        while self._waiting:
            batch: list[_Asked[_Q, _A]] = []
            try:
                async with self._begin() as connection:
                    # Taken when the turn has come and before the first statement: so all who came meanwhile
                    # are in it, and nobody gets an answer from before the question.
                    batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                    answers = await self._answer(connection, [asked.question for asked in batch])
                await _tell(list(zip(batch, answers, strict=True)))
            except Exception as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
                failed = error if isinstance(error, StoreError) else _of_a_bug(error)
                for asked in batch or self._waiting:
                    asked.settle(failed)
                self._waiting = [asked for asked in self._waiting if not asked.answer.done()]
            except BaseException:
                for asked in batch:
                    asked.answer.cancel()
                raise


async def _tell(answered: Sequence[tuple[_Asked[_Q, _A], _A]]) -> None:
    """Give the answers, some in each turn of the loop: all that is done with each would stop it for long."""
    told = 0
    try:
        for asked, answer in answered:
            asked.settle(answer)
            told += 1
            if told % _TOLD_AT_ONCE == 0:
                await asyncio.sleep(0)
    finally:
        for asked, answer in answered[told:]:
            asked.settle(answer)


def _of_a_bug(error: Exception) -> StoreError:
    _log.error("Questions that were asked together could not be answered", exc_info=error)
    return StoreError("It failed; try again.")
