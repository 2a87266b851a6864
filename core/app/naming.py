"""What the words of a person name: runs, tickers and members; and what a misspelt one may have meant."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from core.config import Settings
from core.domain.errors import (
    NoPrices,
    NotFound,
    Refused,
    Unknown,
    UnknownTicker,
    VendorFailure,
    VendorNotConfigured,
    VendorRateLimited,
    VendorTimeout,
    VendorUnreachable,
)
from core.domain.ids import ALPHABET
from core.domain.instrument import parse_ticker
from core.domain.member import Member
from core.domain.near import MOST, did_you_mean, near
from core.domain.run import RunRecord, RunRequest
from core.market.chain import PriceChain
from core.market.sample_vendor import SAMPLE_TICKERS
from core.market.yahoo_search import Listing, YahooSearch
from core.store.store import Store

_RUN_ID = re.compile(f"[{ALPHABET}]{{8}}")
_NUMBER = re.compile(r"#([1-9][0-9]{0,8})", re.ASCII)
_REMEMBERED = 200
"""So many of the tickers that were run last count as known."""
_MOST_CHOICES = 8
_RUNNING = 20
_AWAY = (VendorRateLimited, VendorTimeout, VendorUnreachable)


class Naming(ABC):
    """A part of `App`."""

    settings: Settings
    _store: Store
    _prices: PriceChain
    _search: YahooSearch | None

    @abstractmethod
    async def _chosen(self, names: tuple[str, ...]) -> tuple[Member, ...]:
        """Return the members to hear, in their order, and after them those that follow every run."""

    async def record(self, reference: str) -> RunRecord:
        """Return the run with this id, or the latest finished run of this ticker.

        Raises:
            BadTicker: the reference is neither a run's id nor a ticker.
            NotFound: there is neither; the sentence says so where the ticker's first run still goes on, and
                an Unknown which tickers with a run may have been meant.
        """
        wanted = reference.strip()
        if _RUN_ID.fullmatch(wanted.lower()):
            by_id = await self._store.runs.record(wanted.lower())
            if by_id is not None:
                return by_id
        ticker = parse_ticker(wanted)
        latest = await self._store.runs.latest(ticker)
        if latest is not None:
            return latest
        if under_way := await self._store.runs.running_of(ticker):
            raise NotFound(
                f"The first run of {ticker} still goes on: run {under_way}. "
                f"Ask again when it has ended, or see what there is with /why {under_way}."
            )
        none = f"There is no finished run of {ticker} yet."
        meant = near(ticker, await self._store.history.tickers(_REMEMBERED))
        if not meant:
            raise NotFound(f"{none} Start one: /run {ticker}")
        raise Unknown(
            f"{none} {did_you_mean(meant)} If not, start one: /run {ticker}",
            wrong=wanted,
            near=_as_typed(meant),
        )

    async def run_record(self, run_id: str) -> RunRecord:
        """Return the run with exactly this id, which unlike in `record` is never taken for a ticker.

        Raises:
            NotFound: there is no such run, or not any more.
        """
        record = await self._store.runs.record(run_id)
        if record is None:
            raise NotFound("This run is too old to open. Send /run NVDA for a new one.")
        return record

    async def began(self, run_id: str, request: RunRequest) -> bool:
        """Say whether a run was begun by this request, or by one that is equal to it.

        Raises:
            NotFound: the request names a member that there is not.
        """
        chosen = await self._chosen(request.members)
        names = tuple(member.name for member in chosen if not member.kind.follows) if request.members else ()
        same = request.model_copy(update={"ticker": parse_ticker(request.ticker), "members": names})
        key = await self._store.runs.key_of(run_id)
        return key is not None and key.startswith(f"{same.key}|")

    async def member(self, text: str) -> Member:
        """Return the member whose name is `text`, or of which it is the only match as a part.

        `#3` is the member whose short number is 3.

        Raises:
            NotFound: none or several match; the sentence lists the names, and an Unknown has those that may
                have been meant.
        """
        return _named(await self._store.members.all(), text)

    async def member_numbered(self, number: int) -> Member:
        """Return the member with this short number.

        Raises:
            NotFound: there is none.
        """
        return _numbered(await self._store.members.all(), number)

    async def members(self) -> tuple[Member, ...]:
        """Return all members of the arena, enabled ones first, in the order of the configuration."""
        return await self._store.members.all()

    async def known_tickers(self) -> tuple[str, ...]:
        """Return the tickers that are known without asking anybody: no list of all that exist.

        They are those of the watchlist, those that were run, and those of the archives on this machine.
        """
        known = [*self.settings.arena.watchlist, *await self._store.history.tickers(_REMEMBERED)]
        for vendor in self._prices.vendors:
            try:
                known += await vendor.tickers() or ()
            except VendorFailure:
                continue  # an archive that cannot be read suggests nothing
        return tuple(dict.fromkeys([*known, *SAMPLE_TICKERS]))

    async def running_tickers(self) -> tuple[str, ...]:
        """Return the tickers of the runs that go on."""
        return await running_tickers(self._store)

    async def _nearest(self, ticker: str, error: NoPrices) -> NoPrices:
        """Return `error`, or where the ticker is close to some that exist, a better sentence about it."""
        known = await self.known_tickers()
        if ticker in known:
            return error
        names = dict(await self._looked_up(ticker, error))
        meant = tuple(dict.fromkeys([*near(ticker, known), *names]))[:MOST]
        if not meant or ticker in names:
            return error
        away = any(isinstance(cause, _AWAY) for cause in error.causes)
        answered = any(not isinstance(cause, VendorNotConfigured) for cause in error.causes)
        sentence = f"I don't know the ticker {ticker}." if answered and not away else str(error)
        question = did_you_mean([f"{one} ({names[one]})" if names.get(one) else one for one in meant])
        return UnknownTicker(f"{sentence} {question}", error.causes, wrong=ticker, near=_as_typed(meant))

    async def _looked_up(self, ticker: str, error: NoPrices) -> tuple[Listing, ...]:
        """Return what Yahoo finds for a ticker, where its prices have just said that they have none of it."""
        if self._search is None:
            return ()
        lacks = any(
            cause.vendor == self._search.name and type(cause) is VendorFailure for cause in error.causes
        )
        return await self._search.like(ticker) if lacks else ()


async def running_tickers(store: Store) -> tuple[str, ...]:
    """Return the tickers of the runs that go on, of the newest twenty at most."""
    records = [await store.runs.record(run_id) for run_id in (await store.runs.running())[-_RUNNING:]]
    return tuple(dict.fromkeys(record.ticker for record in records if record))


def voter(members: Sequence[Member], text: str) -> Member:
    """Return the member to hear that `text` means; one that follows cannot be asked.

    Raises:
        Refused: it is one that follows.
        NotFound: as `Naming.member` says.
    """
    if number := _NUMBER.fullmatch(text.strip()):
        text = _numbered(members, int(number[1])).name
    for member in members:
        if member.kind.follows and member.name == text.strip().lower():
            raise Refused(f"{member.name} follows every run by itself and cannot be chosen.")
    return _named([member for member in members if not member.kind.follows], text)


def _named(members: Sequence[Member], text: str) -> Member:
    if number := _NUMBER.fullmatch(text.strip()):
        return _numbered(members, int(number[1]))
    wanted = text.strip().lower()
    names = [member for member in members if member.name.lower() == wanted]
    found = names or [member for member in members if wanted and wanted in member.name.lower()]
    if len(found) == 1:
        return found[0]
    said = f"“{text.strip()[:40]}”"
    by_name = {member.name: member for member in members}
    meant = [] if found else [by_name[name] for name in near(wanted, by_name)]
    if meant:
        question = did_you_mean([member.name for member in meant])
        raise Unknown(f"No model is called {said}. {question}", wrong=text.strip(), near=_by_number(meant))
    listed = ", ".join(member.name for member in found or members) or "none yet"
    what = "Several models match" if found else "No model is called"
    choices = _by_number((found or members)[:_MOST_CHOICES])
    raise Unknown(f"{what} {said}. Choose one of: {listed}.", wrong=text.strip(), near=choices)


def _numbered(members: Sequence[Member], number: int) -> Member:
    for member in members:
        if member.number == number:
            return member
    raise NotFound("That model is not known any more.")


def _as_typed(words: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((word, word) for word in words)


def _by_number(members: Iterable[Member]) -> tuple[tuple[str, str], ...]:
    # By their numbers, because buttons have little room and names may be long.
    return tuple((member.name, f"#{member.number}") for member in members)
