"""Cards that need more than one question to the arena, for every door alike."""

from zoneinfo import ZoneInfo

from bot.cards import VerdictCard
from bot.present.pictures import picture_button
from bot.present.recount import recount_card
from bot.present.style import Style, locale_of, style
from bot.present.verdict import verdict_card
from bot.request import Address
from core.app.app import App
from core.domain.errors import StoreError
from core.domain.run import RunRecord
from core.domain.subscription import ChatTerms
from core.domain.verdict import Verdict


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
    return card.model_copy(update={"more_buttons": picture_button(record)})


async def recount_of(app: App, record: RunRecord, counted: Verdict) -> VerdictCard:
    """Return the card of a run that was counted again."""
    members = {member.name: member for member in await app.members()}
    return recount_card(record, counted, members, zone_of(app))
