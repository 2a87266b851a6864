"""How members stand, by any metric and period, from what is remembered of each season.

Sessions that have passed never change, so a season is read once and then only what came since. Other
processes write as well: how far the season is, is asked of the database for every answer.
"""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from core.app.membership import told_of
from core.app.remembered_season import RememberedSeason
from core.clock import Clock
from core.config import Settings
from core.domain.bars import Mark
from core.domain.books import Leaderboard
from core.domain.errors import NotFound, Refused
from core.domain.period import ALL, days_of
from core.domain.scores import Metric, Scorecard
from core.domain.season import Season
from core.ledger.ranking import MONEY, Scored, ranked, score_at_close
from core.ledger.valuation import leaderboard
from core.market.sample_vendor import SAMPLE_CAVEAT
from core.store.store import Store

if TYPE_CHECKING:
    from core.app.season_record import SeasonRecord, Window

STALE_AFTER = timedelta(days=10)
"""The age, against the newest mark, beyond which a mark no longer values a holding."""
_SEASONS_KEPT = 4
_EXTREMES = {Metric.BEST_TRADE, Metric.WORST_TRADE}
_OF_TRADES = {Metric.TRADES, Metric.WIN_RATE, Metric.PROFIT_FACTOR, *_EXTREMES}
_OF_BALLOTS = {Metric.HIT_RATE_1, Metric.HIT_RATE_5, Metric.HIT_RATE_20, Metric.USD_PER_RIGHT}


def caveat_of(season: Season, marks: Mapping[str, Mark]) -> str | None:
    """Return what must be said wherever a person sees the books of a season with these marks, if anything."""
    sampled = season == Season.SAMPLE or any(mark.source == "sample" for mark in marks.values())
    return SAMPLE_CAVEAT if sampled else None


class Scoreboard:
    """Ranks the members of seasons. Any number of tasks may ask at the same time."""

    def __init__(self, store: Store, settings: Settings, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._seasons: OrderedDict[Season, RememberedSeason] = OrderedDict()

    async def current(self, wanted: Season | None = None) -> Season:
        """Return the season that is wanted, else the live one unless only the sample one has any books.

        The live one is that which is open, or ended last.

        Raises:
            NotFound: there is no such season.
        """
        if wanted is not None:
            await self._known(wanted)
            return wanted
        newest = await self._store.live.current()
        live = newest.season if newest else Season.LIVE
        for season in (live, Season.SAMPLE):
            if await self._store.scores.has_books(season):
                return season
        return live

    async def leaderboard(
        self, season: Season | None, period: str, by: Metric, *, net_of_tokens: bool = False
    ) -> Leaderboard:
        """Return the ranking of a season's members by a metric over a period; None is the current season.

        Raises:
            NotFound: there is no such season.
            Refused: it is no period, or token cost cannot be taken from the metric.
        """
        days = days_of(period)
        if net_of_tokens and by not in MONEY:
            listed = f"{', '.join(MONEY[:-1])} and {MONEY[-1]}"
            raise Refused(f"The cost of tokens can be taken off {listed}, not off {by}.")
        season = season or await self.current()
        known = await self._remembered(season)
        marks = await self._store.books.marks(season)
        newest = max((mark.at for mark in marks.values()), default=None)
        async with known.turn:
            record = await known.read()
            board = leaderboard(
                season,
                self._settings.arena.initial_cash,
                known.accounts,
                marks,
                await known.token_costs(),
                oldest=(newest - STALE_AFTER).date() if newest else None,
                caveat=caveat_of(season, marks),
            )
            window = record.window(days)
            scored = await self._scored(known, record, window)
            before = await _before(known, record, days, by, marks)
            facts = {
                "period": period,
                "first": record.first_of(window),
                "last": window.last if record.closes else None,
                "benchmark": known.benchmark,
                "benchmark_return": record.benchmark_return(window),
            }
        earlier = {
            member: score_at_close(card.figures, by, net_of_tokens=net_of_tokens)
            for member, card in before.items()
        }
        board = board.model_copy(update=facts)
        least = self._settings.scores.min_trades
        board = ranked(board, scored, by, net_of_tokens=net_of_tokens, before=earlier, min_trades=least)
        told = told_of(await self._store.members.all(), known.accounts, self._settings)
        standings = (one.model_copy(update=told.get(one.member, {})) for one in board.standings)
        return board.model_copy(update={"standings": tuple(standings)})

    async def scorecards(self, season: Season | None = None, period: str = ALL) -> tuple[Scorecard, ...]:
        """Return every member's figures over a period, at the last close, in order of their numbers.

        Raises:
            NotFound: there is no such season.
            Refused: it is no period.
        """
        days = days_of(period)
        season = season or await self.current()
        known = await self._remembered(season)
        async with known.turn:
            record = await known.read()
            scored = await self._scored(known, record, record.window(days))
            return tuple(
                scored[account.member].card.model_copy(update={"luck": scored[account.member].luck})
                for account in known.accounts
            )

    async def _known(self, season: Season) -> None:
        if season.is_reserved:
            return
        names = await self._store.seasons.names()
        if season not in names:
            told = ", ".join(names) or "none yet"
            raise NotFound(f"There is no season called {season}. Seasons with books: {told}.")

    async def _remembered(self, season: Season) -> RememberedSeason:
        if season not in self._seasons:
            await self._known(season)
            known = RememberedSeason(season, self._store, self._settings.scores, self._clock)
            self._seasons.setdefault(season, known)
        self._seasons.move_to_end(season)
        while len(self._seasons) > _SEASONS_KEPT:
            self._seasons.popitem(last=False)
        return self._seasons[season]

    async def _scored(
        self, known: RememberedSeason, record: "SeasonRecord", window: "Window"
    ) -> dict[str, Scored]:
        trades = await known.trades(window)
        ballots = await known.ballots(window)
        cards = await known.cards(record, window, trades, ballots, of="now")
        lucks = await known.lucks(record, window)
        found = {}
        for account in known.accounts:
            member = account.member
            start, luck = record.part(member, window), lucks[member]
            found[member] = Scored(
                card=cards[member],
                base_usd=start.base_usd,
                base_tokens_usd=start.base_tokens_usd,
                trades=trades[member],
                ever_traded=account.trades > 0,
                luck=luck and luck.model_copy(update={"trades": trades[member].fills}),
            )
        return found


async def _before(
    known: RememberedSeason, record: "SeasonRecord", days: int | None, by: Metric, marks: Mapping[str, Mark]
) -> dict[str, Scorecard]:
    """Return the scorecards of one session earlier, as far as `by` needs them; none where there was none.

    Value, profit and return move between closes: with marks from after the last close, that one is earlier.
    """
    closes = record.closes
    moved = by in MONEY and bool(closes) and any(mark.at > closes[-1].closed_at for mark in marks.values())
    place = len(closes) - (1 if moved else 2)
    if place < 0:
        return {}
    window = record.window(days, closes[place].session)
    if by in _OF_TRADES:
        trades = await known.trades_until(window, extremes=by in _EXTREMES)
        return await known.cards(record, window, trades, {}, of=f"trades {by in _EXTREMES}")
    if by in _OF_BALLOTS:
        ballots = await known.ballots(window, closes[place].closed_at)
        return await known.cards(record, window, {}, ballots, of="ballots")
    return await known.cards(record, window, {}, {}, of="values")
