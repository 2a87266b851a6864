"""Cards that need more than one question to the arena, for every door alike."""

from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.cards import SummaryCard, VerdictCard
from bot.present.evidence import evidence_button
from bot.present.pictures import picture_button
from bot.present.recount import recount_card
from bot.present.style import Style, locale_of, style
from bot.present.summary import verdicts_card
from bot.present.verdict import verdict_card
from bot.request import Address
from core.app.app import App
from core.domain.errors import StoreError
from core.domain.run import RunRecord, RunState
from core.domain.subscription import ChatTerms
from core.domain.verdict import Verdict

_SEVERAL = 2


def zone_of(app: App) -> ZoneInfo:
    """Return the time zone in which whoever is answered is told times: the chat's own, or the arena's."""
    return style().zone or ZoneInfo(app.settings.arena.timezone)


def style_of(terms: ChatTerms) -> Style:
    """Return how a chat with these terms reads, for `read_as`."""
    return Style(ZoneInfo(terms.zone) if terms.zone else None, locale_of(terms.language))


async def style_at(app: App, address: Address) -> Style:
    """Return how a chat reads, for `read_as`: as its terms say, or if they cannot be read, as all others."""
    try:
        return style_of((await app.subscriptions.terms(address.platform, address.chat)).terms)
    except StoreError:
        return Style()


async def verdict_of(app: App, record: RunRecord) -> VerdictCard:
    """Return the card of a run; the routes of today's members tell which model each was asked to be."""
    members = {member.name: member for member in await app.members()}
    card = verdict_card(record, members, zone_of(app))
    return card.model_copy(update={"more_buttons": (*picture_button(record), evidence_button(record))})


async def verdicts_of(app: App, asked: Sequence[tuple[str, RunRecord | str]]) -> SummaryCard | None:
    """Return one card of all runs that were asked for together, each verdict a button away.

    `asked` has every ticker with the record of its run, or with a sentence why there is none. Returns None
    where such a card would only repeat what stands above it: with fewer than two runs, or none that finished.
    """
    records = [found for _, found in asked if isinstance(found, RunRecord)]
    if len(records) < _SEVERAL or not any(record.state is RunState.FINISHED for record in records):
        return None
    skipped = [(ticker, found) for ticker, found in asked if isinstance(found, str)]
    prices: dict[str, Decimal] = {}
    with suppress(StoreError):  # the verdicts are known, and prices only stand beside them
        prices = await app.prices_of(records)
    return verdicts_card("Verdicts", records, skipped, zone_of(app), prices=prices)


async def recount_of(app: App, record: RunRecord, counted: Verdict) -> VerdictCard:
    """Return the card of a run that was counted again."""
    members = {member.name: member for member in await app.members()}
    return recount_card(record, counted, members, zone_of(app))
