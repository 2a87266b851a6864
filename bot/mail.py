"""What a slot of a subscription posts: one message or two, made when it is due."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from bot.cards import Card, Notice
from bot.facts import zone_of
from bot.gallery import Gallery
from bot.picture_buttons import Form, ShowRanking
from bot.present.alerts import alert_card
from bot.present.costs import costs_card
from bot.present.digest import digest_card
from bot.present.lateness import schedule_note
from bot.present.leaderboard import leaderboard_card
from bot.present.pictures import curves_picture, ranking_picture, stamp
from bot.present.review import review_card
from bot.present.season import final_card
from bot.present.summary import verdicts_card
from core.app.app import App
from core.domain.alert import AlertKind
from core.domain.books import Leaderboard
from core.domain.errors import ConclaveError, Refused, StoreError
from core.domain.run import RunRecord
from core.domain.season import Season
from core.domain.subscription import Due, Topic

if TYPE_CHECKING:
    from bot.pictures.look import Theme

_log = logging.getLogger(__name__)


Mail = Card
"""What one message of a slot shows."""


async def mail_of(app: App, due: Due, gallery: Gallery) -> tuple[Mail, ...]:
    """Make what a slot posts. Asked again for a slot it makes as many messages, and pays nothing twice.

    Ask within `read_as`: it is written as the chat reads.
    `gallery` keeps the pictures that several slots share.

    Raises:
        ConclaveError: it cannot be made; the sentence says why.
    """
    topic = due.subscription.wanted.topic
    if topic in _OF_BOOKS:
        await _up_to_date(app)
    return await _MAKERS[topic](app, due, gallery)


async def _up_to_date(app: App) -> None:
    """Carry the books to the present: the close may have been a moment ago. If not, tell what is known."""
    try:
        await app.keep_books()
    except StoreError:
        raise
    except ConclaveError as error:
        _log.warning("the books are told as they stand: %s", error)


def _note(app: App, due: Due) -> str | None:
    return schedule_note(due.slot, app.clock.now(), zone_of(app))


async def _verdicts(app: App, due: Due, gallery: Gallery) -> tuple[Mail, ...]:
    del gallery
    if not due.slot.tickers:
        text = "The watchlist is empty, so no verdict was due. Name tickers: /subscribe verdicts NVDA,AAPL …"
        return (Notice(text=text, tone="warning"),)
    made = await asyncio.gather(*(app.scheduled_run(due, ticker) for ticker in due.slot.tickers))
    records = [one for one in made if isinstance(one, RunRecord)]
    skipped = [
        (ticker, one) for ticker, one in zip(due.slot.tickers, made, strict=True) if isinstance(one, str)
    ]
    prices, note = await app.prices_of(records), _note(app, due)
    return (verdicts_card("Verdicts", records, skipped, zone_of(app), prices=prices, note=note),)


async def _leaderboard(app: App, due: Due, gallery: Gallery) -> tuple[Mail, ...]:
    board = await app.leaderboard()
    card = leaderboard_card(board, app.settings.scores)
    if note := _note(app, due):
        card = card.model_copy(update={"facts": (note, *card.facts)})
    return (card, await _curves(app, board, due, gallery)) if due.terms.pictures else (card,)


async def _curves(app: App, board: Leaderboard, due: Due, gallery: Gallery) -> Mail:
    """Return the picture of equity curves, or a sentence in its place: the message before it came already."""
    from bot.pictures.curves import equity_curves
    from bot.pictures.off_loop import PictureFailed, drawn

    theme = _theme(due)
    try:
        report = await app.season_report(board.season)
        # A curve goes from close to close: before the next one it is the same for all chats.
        png = await gallery.picture(
            f"equity-curves-{theme}",
            (report.season, report.last),
            lambda: drawn(partial(equity_curves, report, theme=theme)),
        )
    except (PictureFailed, Refused) as error:
        return Notice(text=str(error), tone="warning")
    made = stamp(app.clock.now(), zone_of(app))
    return curves_picture(report, png, ShowRanking(Form.CURVES), made)


async def _final_picture(app: App, season: Season, due: Due, gallery: Gallery) -> Mail:
    """Return the picture of a final table, or a sentence in its place."""
    from bot.pictures.final import final_picture
    from bot.pictures.off_loop import PictureFailed

    theme = _theme(due)
    try:
        png = await gallery.picture(
            f"final-table-{theme}", season, partial(final_picture, app, season, theme=theme)
        )
    except PictureFailed as error:
        return Notice(text=str(error), tone="warning")
    return ranking_picture(final_card(await app.final_table(season)), png)


def _theme(due: Due) -> "Theme":
    from bot.pictures.look import Theme

    return Theme.DARK if due.terms.dark else Theme.LIGHT


async def _digest(app: App, due: Due, gallery: Gallery) -> tuple[Mail, ...]:
    del gallery
    found = await app.digest(None, await app.agenda.since(due), _until(app, due))
    return (digest_card(found, zone_of(app), note=_note(app, due)),)


async def _review(app: App, due: Due, gallery: Gallery) -> tuple[Mail, ...]:
    del gallery
    found = await app.review(None, await app.agenda.since(due), _until(app, due))
    return (review_card(found, zone_of(app), note=_note(app, due)),)


async def _costs(app: App, due: Due, gallery: Gallery) -> tuple[Mail, ...]:
    del gallery
    # Up to when it was meant, however late it comes: the next one goes on there, and no call counts twice.
    found = await app.costs_between(await app.agenda.since(due), due.slot.at)
    return (costs_card(found, zone_of(app), note=_note(app, due), turns=False),)


def _until(app: App, due: Due) -> datetime:
    return min(app.clock.now(), max(due.slot.at, due.slot.due_at)).astimezone(UTC)


async def _alert(app: App, due: Due, gallery: Gallery) -> tuple[Mail, ...]:
    alert = await app.alert(due.slot.key)
    if alert is None:
        raise ConclaveError("What the alert was about is not known any more.")
    if alert.kind is AlertKind.SEASON and alert.season:
        table = await app.final_table(alert.season)
        card = final_card(table)
        if not due.terms.pictures:
            return (card,)
        return card, await _final_picture(app, alert.season, due, gallery)
    return (alert_card(alert, zone_of(app)),)


_OF_BOOKS = frozenset({Topic.LEADERBOARD, Topic.DIGEST, Topic.REVIEW})
_MAKERS: Mapping[Topic, Callable[[App, Due, Gallery], Awaitable[tuple[Mail, ...]]]] = {
    Topic.VERDICTS: _verdicts,
    Topic.LEADERBOARD: _leaderboard,
    Topic.DIGEST: _digest,
    Topic.REVIEW: _review,
    Topic.COSTS: _costs,
    Topic.ALERTS: _alert,
}
