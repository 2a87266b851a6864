"""Everything about a season in one value: what the report shows."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from core.app.scoreboard import Scoreboard, caveat_of
from core.clock import Clock
from core.config import Settings
from core.consensus.track import calibration_of
from core.domain.calibration import Calibration
from core.domain.member import Member
from core.domain.peer_figures import AiTraderFigures
from core.domain.period import ALL
from core.domain.scores import Metric
from core.domain.season import Season
from core.domain.season_report import Aside, Curve, Minimums, Place, SeasonReport
from core.domain.stage import ModelChat
from core.store.score_rows import Close
from core.store.store import Store


class SeasonReports:
    """Gathers what is known of a season."""

    def __init__(self, store: Store, scoreboard: Scoreboard, settings: Settings, clock: Clock) -> None:
        self._store = store
        self._scoreboard = scoreboard
        self._settings = settings
        self._clock = clock

    async def report(
        self, season: Season | None, members: Sequence[Member], *, with_chats: bool
    ) -> SeasonReport:
        """Return the report of a season, the current one if none is named.

        `with_chats` adds every ModelChat; without, whoever shows them asks run by run.

        Raises:
            NotFound: there is no such season.
        """
        season = season or await self._scoreboard.current()
        board = await self._scoreboard.leaderboard(season, ALL, Metric.VALUE)
        cards = {card.member: card for card in await self._scoreboard.scorecards(season)}
        days = await self._store.scores.days(season)
        records = await self._store.seasons.records(season)
        initial, rules = self._settings.arena.initial_cash, self._settings.scores
        chats: list[ModelChat] = []
        for record in records if with_chats else ():
            stages = await self._store.stages.of_run(record.run_id)
            chats += [
                ModelChat(
                    run_id=record.run_id,
                    ticker=record.ticker,
                    as_of=record.as_of,
                    member=seat.member,
                    stages=tuple(stage for stage in stages if stage.member == seat.member),
                    result=seat.result,
                )
                for seat in record.voters
            ]
        return SeasonReport(
            season=season,
            made_at=self._clock.now(),
            first=days.closes[0].session if days.closes else None,
            last=days.closes[-1].session if days.closes else None,
            initial_cash_usd=initial,
            benchmark=await self._store.scores.benchmark(season),
            caveat=board.caveat,
            minimums=Minimums(rules.min_days, rules.min_trades, rules.min_settled),
            ranked_by=Metric.VALUE,
            scorecards=tuple(cards[standing.member] for standing in board.standings),
            places={one.member: Place(one.rank, one.medal) for one in board.standings},
            models=board.models,
            committee_beats=board.committee_beats,
            crowd_beats=board.crowd_beats,
            curves=tuple(
                Curve(standing.member, standing.kind, tuple(days.values.get(standing.member, ())))
                for standing in board.standings
            ),
            benchmark_curve=_grown(days.closes, initial),
            calibrations=await self._calibrations(season, members),
            runs=records,
            chats=tuple(chats),
            fills=await self._store.seasons.fills(season),
            corporate_actions=await self._store.seasons.actions(season),
            asides=tuple(
                Aside(one.member, one.left_on, one.reset_on, one.reset_was_usd)
                for one in board.standings
                if one.left_on or one.reset_on
            ),
        )

    async def ai_trader(self, season: Season) -> tuple[tuple[str, AiTraderFigures], ...]:
        """Return each member's figures by AI-Trader's definitions, in order of value.

        Raises:
            NotFound: there is no such season.
        """
        from core.ledger.scores.curve import Curve as Scored
        from core.ledger.scores.peers import ai_trader

        board = await self._scoreboard.leaderboard(season, ALL, Metric.VALUE)
        days = await self._store.scores.days(season)
        initial = {
            account.member: account.deposits_usd for account in await self._store.books.accounts(season)
        }
        start = days.closes[0].session if days.closes else None
        found = []
        for standing in board.standings:
            values = days.values.get(standing.member, ())
            if values:
                curve = Scored.of(values, initial[standing.member])
                found.append((standing.member, ai_trader(curve, start=start)))
        return tuple(found)

    async def _calibrations(self, season: Season, members: Sequence[Member]) -> tuple[Calibration, ...]:
        """Return the calibration of every member that has a settled ballot with a direction."""
        now = self._clock.now()
        settled = await self._store.outcomes.of_season(season, now)
        weights: Mapping[str, Decimal] = {member.name: member.weight for member in members}
        caveat = caveat_of(season, await self._store.books.marks(season))
        names = [name for name in weights if any(each.member == name for each in settled)]
        found = [
            calibration_of(
                season,
                name,
                [each for each in settled if each.member == name],
                weights[name],
                now,
                minimum=self._settings.scores.min_settled,
                in_use=self._settings.consensus.weights == "learned",
                caveat=caveat,
            )
            for name in names
        ]
        return tuple(calibration for calibration in found if calibration.settled)


def _grown(closes: Sequence[Close], initial_usd: Decimal) -> tuple[tuple[date, Decimal], ...]:
    """Return what the starting capital would be worth in the benchmark at each close that it has."""
    known = [(close.session, close.level) for close in closes if close.level is not None]
    if not known:
        return ()
    start = known[0][1]
    return tuple((day, initial_usd * level / start) for day, level in known)
