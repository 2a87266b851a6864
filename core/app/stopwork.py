"""The use cases of stopping: which runs go on, and that one of them shall not."""

from abc import ABC

from core.app.runs import Runs
from core.domain.errors import NotFound
from core.domain.instrument import parse_ticker
from core.domain.run import RunRecord, RunState
from core.store.store import Store


class Stopwork(ABC):
    """A part of `App`."""

    _runs: Runs
    _store: Store

    async def stop(self, run_id: str, by: str) -> bool:
        """Stop a run for good and for all who follow it; what was done is kept, and `by` is named as who did.

        One of this process has ended when this returns; another process ends its own within seconds. Returns
        False when the run is over, or there is no such run. Whether `by` may do this the caller has checked.
        """
        return await self._runs.stop(run_id, by)

    async def going_on(self, reference: str | None, platform: str, chat: str) -> tuple[RunRecord, ...]:
        """Return the runs that go on: the one with this id, those of this ticker, or those of this chat.

        Raises:
            BadTicker: the reference is neither a run's id nor a ticker.
            NotFound: none of the kind goes on.
        """
        runs = self._store.runs
        if reference is None:
            ids, what = await runs.going_on(place=(platform, chat)), "No run goes on in this chat."
        else:
            by_id = await runs.record(reference.strip().lower())
            if by_id is not None and by_id.state is not RunState.RUNNING:
                raise NotFound(f"Run {by_id.run_id} of {by_id.ticker} is over. /why {by_id.run_id} shows it.")
            if by_id is not None:
                return (by_id,)
            ticker = parse_ticker(reference)
            ids, what = await runs.going_on(ticker), f"No run of {ticker} goes on."
        found = [record for run_id in ids if (record := await runs.record(run_id))]
        if not found:
            raise NotFound(what)
        return tuple(found)
