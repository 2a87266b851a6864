"""The use cases of looking back: past runs, two members of a run side by side, and a run as files."""

from abc import ABC, abstractmethod

from core.app.chat_files import RunFiles, files_of
from core.domain.errors import NotFound, Refused
from core.domain.instrument import parse_ticker
from core.domain.member import Member
from core.domain.past import Compared, PastRuns
from core.domain.run import RunRecord
from core.domain.stage import ModelChat
from core.store.store import Store


class Lookback(ABC):
    """A part of `App`."""

    _store: Store

    @abstractmethod
    async def record(self, reference: str) -> RunRecord:
        """Return the run with this id, or the latest finished run of this ticker."""

    @abstractmethod
    async def member(self, text: str) -> Member:
        """Return the member whose name is `text`, or of which it is the only match as a part."""

    @abstractmethod
    async def model_chat(self, reference: str, member: str) -> ModelChat:
        """Return one member's complete record of a run."""

    async def past_runs(self, ticker: str | None, page: int, *, rows: int = 8) -> PastRuns:
        """Return a page of `rows` finished runs, newest first; a page that is not there is the nearest one.

        Raises:
            BadTicker: the ticker is none.
        """
        found = parse_ticker(ticker) if ticker is not None else None
        total = await self._store.past.count(found)
        pages = max(-(-total // rows), 1)
        at = min(max(page, 1), pages)
        runs = await self._store.past.page(found, (at - 1) * rows, rows)
        return PastRuns(ticker=found, runs=runs, total=total, page=at, pages=pages)

    async def compared(self, one: str, other: str, reference: str | None = None) -> Compared:
        """Return two members (as in `member`) of one run: the last one that both took part in.

        `reference` is a run's id, or a ticker whose last such run is meant.

        Raises:
            NotFound: no such member, or no such run in which both took part.
            Refused: both are the same member.
            BadTicker: the reference is neither a run's id nor a ticker.
        """
        members = await self.member(one), await self.member(other)
        first, second = members
        if first.name == second.name:
            raise Refused(f"Both are {first.name}. Name two different models: /compare claude gpt.")
        record = await self._shared(first, second, reference)
        chats = [await self.model_chat(record.run_id, member.name) for member in members]
        return Compared(record=record, members=members, chats=(chats[0], chats[1]))

    async def _shared(self, first: Member, second: Member, reference: str | None) -> RunRecord:
        if reference and (named := await self._store.runs.record(reference.lower())):
            return named
        ticker = parse_ticker(reference) if reference else None
        run_id = await self._store.past.shared(first.name, second.name, ticker)
        record = await self._store.runs.record(run_id) if run_id else None
        if record is None:
            about = f" of {ticker}" if ticker else ""
            raise NotFound(
                f"There is no finished run{about} in which {first.name} and {second.name} both sat."
            )
        return record

    async def run_files(self, reference: str, member: str | None = None) -> RunFiles:
        """Return a run (`reference` as in `record`) as Markdown and as JSON, of one member or of all.

        Raises:
            NotFound: no such run, or the member had no seat in it.
            Refused: a file would be larger than chats take.
        """
        record = await self.record(reference)
        if member is None:
            names = [seat.member for seat in record.seats]
        else:
            names = [(await self.model_chat(record.run_id, member)).member]

        async def chat_of(name: str) -> ModelChat:
            return await self.model_chat(record.run_id, name)

        return await files_of(record, names, chat_of, only=names[0] if member else None)
