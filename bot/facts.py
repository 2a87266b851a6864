"""Cards that need more than one question to the arena, for every door alike."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bot.cards import SummaryCard, VerdictCard
from bot.present.recount import recount_card
from bot.present.summary import verdicts_card
from bot.present.verdict import verdict_card
from core.app.app import App
from core.domain.run import RunRecord
from core.domain.verdict import Verdict


def zone_of(app: App) -> ZoneInfo:
    """Return the time zone in which the arena shows times."""
    return ZoneInfo(app.settings.arena.timezone)


async def verdict_of(app: App, record: RunRecord) -> VerdictCard:
    """Return the card of a run; the routes of today's members tell which model each was asked to be."""
    members = {member.name: member for member in await app.members()}
    return verdict_card(record, members, zone_of(app))


async def summary_of(
    app: App,
    title: str,
    records: Sequence[RunRecord],
    skipped: Sequence[tuple[str, str]] = (),
    *,
    zone: ZoneInfo | None = None,
    note: str | None = None,
) -> SummaryCard:
    """Return the summary of several runs, with the prices that their committees saw.

    `skipped` are tickers that were not run with the reason why; without `zone` times are the arena's.
    """
    prices = await app.prices_of(records)
    return verdicts_card(title, records, skipped, zone or zone_of(app), prices=prices, note=note)


async def recount_of(app: App, record: RunRecord, counted: Verdict) -> VerdictCard:
    """Return the card of a run that was counted again."""
    members = {member.name: member for member in await app.members()}
    return recount_card(record, counted, members, zone_of(app))
