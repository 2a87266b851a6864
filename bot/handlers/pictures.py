"""Pictures that people ask for: the ranking, the votes of a run, prices with a member's entries."""

from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.arguments import LeaderboardArguments
from bot.cards import Card, LeaderboardCard, PictureCard
from bot.door import Door
from bot.facts import verdict_of
from bot.handlers.call import Call, PressCall
from bot.picture_buttons import Form, ShowChart, ShowRanking, ShowVotes, decode
from bot.present.leaderboard import leaderboard_card
from bot.present.pictures import (
    chart_picture,
    curves_picture,
    ranking_picture,
    refreshable,
    stamp,
    votes_picture_card,
)
from bot.present.style import Style, read_as
from bot.request import Address
from bot.studio import Studio
from core.app.app import App
from core.domain.ballot import Ballot
from core.domain.books import Leaderboard
from core.domain.errors import Refused
from core.domain.run import RunRecord
from core.domain.subscribed import TermsShown

if TYPE_CHECKING:
    from bot.pictures.look import Theme


class _Easel:
    """What a picture for one chat needs: the arena, the chat's terms, and somebody who draws."""

    def __init__(self, app: App, studio: Studio, door: Door, address: Address, shown: TermsShown) -> None:
        self.app = app
        self.terms = shown.terms
        self.pictures = door.shows_pictures
        self._studio = studio
        self._address = address
        self._zone = ZoneInfo(shown.zone)

    @property
    def made(self) -> str:
        """When this is, to the second, in the chat's time zone."""
        return stamp(self.app.clock.now(), self._zone)

    @property
    def theme(self) -> "Theme":
        """Light or dark, as the chat wants it."""
        from bot.pictures.look import Theme

        return Theme.DARK if self.terms.dark else Theme.LIGHT

    async def ranking(self, wish: ShowRanking) -> Card:
        """Show the ranking as a table, as curves or in words."""
        if wish.form is Form.TEXT or not self.pictures:
            return self.in_words(await self._board(wish), wish)
        with self._studio.turn(self._address.chat_id):
            if wish.form is Form.CURVES:
                return await self._curves(wish)
            return await self.table(await self._board(wish), wish)

    async def votes(self, wish: ShowVotes) -> Card:
        """Show the votes of a run."""
        record = await self.app.run_record(wish.run_id)
        card = await verdict_of(self.app, record)
        with read_as(Style()):  # the picture is the same for all chats, and only its words are this one's
            drawn_from = await verdict_of(self.app, record)
        if record.verdict is None or not record.ballots:
            raise Refused(f"Nobody has cast a ballot in run {record.run_id}, so there are no votes to show.")
        png = b""
        if self.pictures:
            from bot.pictures.votes import votes_picture

            draw = partial(votes_picture, drawn_from, _confidences(record), theme=self.theme)
            with self._studio.turn(self._address.chat_id):
                png = await self._studio.drawn(draw, ("votes", record.run_id, record.state, self.theme))
        return votes_picture_card(card, png, record.run_id, self.made)

    async def chart(self, wish: ShowChart) -> Card:
        """Show the prices of a ticker with a member's entries."""
        member = await self.app.member_numbered(wish.member)
        with self._studio.turn(self._address.chat_id):
            history = await self.app.price_history(member.name, wish.ticker)
            png = b""
            if self.pictures:
                from bot.pictures.prices import price_chart

                png = await self._studio.drawn(partial(price_chart, history, theme=self.theme))
        return chart_picture(history, png, wish.member, self.made)

    def in_words(self, board: Leaderboard, wish: ShowRanking) -> LeaderboardCard:
        """Return the ranking in words, with the buttons that show it anew or as a picture."""
        card = leaderboard_card(board, self.app.settings.scores)
        return refreshable(card, wish, self.made, pictures=self.pictures)

    async def _board(self, wish: ShowRanking) -> Leaderboard:
        return await self.app.leaderboard(period=wish.period, by=wish.by, net_of_tokens=wish.net)

    async def table(self, board: Leaderboard, wish: ShowRanking) -> PictureCard:
        """Draw a ranking as a table; whoever calls has the chat's turn."""
        from bot.pictures.standings import standings_picture

        png = await self._studio.drawn(partial(standings_picture, board, theme=self.theme))
        return ranking_picture(leaderboard_card(board, self.app.settings.scores), png, wish, self.made)

    async def _curves(self, wish: ShowRanking) -> PictureCard:
        from bot.pictures.curves import equity_curves

        report = await self.app.season_report()
        # A curve goes from close to close: before the next one it is the same for all chats.
        made_from = ("curves", report.season, report.last, self.theme)
        png = await self._studio.drawn(partial(equity_curves, report, theme=self.theme), made_from)
        return curves_picture(report, png, wish, self.made)


async def ranking(call: Call, arguments: LeaderboardArguments) -> Card:
    """Answer `/leaderboard`: with a picture where the chat wants them and the door can, else in words.

    Where no picture can be drawn right now, the words come in its place.
    """
    from bot.pictures.off_loop import PictureFailed

    easel = await _easel(call.app, call.studio, call.door, call.request.address)
    wish = ShowRanking(Form.TABLE, arguments.period, arguments.by, arguments.net)
    board = await call.app.leaderboard(period=arguments.period, by=arguments.by, net_of_tokens=arguments.net)
    if not (easel.pictures and easel.terms.pictures and board.standings):
        return easel.in_words(board, wish)
    try:
        with call.studio.turn(call.request.address.chat_id):
            return await easel.table(board, wish)
    except (Refused, PictureFailed):
        return easel.in_words(board, wish)


async def picture_pressed(call: PressCall) -> Card:
    """Show the picture, or the words, that a button asks for; whoever may read the chat may.

    Raises:
        Refused: the button is not of this version's making, or a picture is being drawn already.
        NotFound: what it is about is not there (any more).
        PictureFailed: it took too long.
    """
    wish = decode(call.press.data)
    easel = await _easel(call.app, call.studio, call.door, call.press.address)
    match wish:
        case ShowRanking():
            return await easel.ranking(wish)
        case ShowVotes():
            return await easel.votes(wish)
        case ShowChart():
            return await easel.chart(wish)


async def _easel(app: App, studio: Studio, door: Door, address: Address) -> _Easel:
    shown = await app.subscriptions.terms(address.platform, address.chat)
    return _Easel(app, studio, door, address, shown)


def _confidences(record: RunRecord) -> dict[str, float]:
    return {
        seat.member: float(seat.result.confidence) for seat in record.seats if isinstance(seat.result, Ballot)
    }
