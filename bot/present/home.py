"""A person's own page, made from facts."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.access import Role
from bot.cards import Button
from bot.home_buttons import ShowBoard, ShowHelp, encode
from bot.home_page import HomeChannel, HomePage
from bot.present import numbers, words
from bot.present.leaderboard import leaderboard_card
from bot.present.subscriptions import subscription_line
from bot.present.summary import verdicts_card
from core.config.settings import Scores
from core.domain.books import Leaderboard
from core.domain.run import RunRecord
from core.domain.subscribed import Listed

TOP = 10
LATEST = 8
MOST_LINES = 6
_ASK = ("ask", "Ask the committee")
_FOR_ALL = (("subscribe", "Subscriptions"), ("settings", "Settings"))


def home_page(
    role: Role,
    board: Leaderboard,
    rules: Scores,
    latest: Sequence[RunRecord],
    watchlist: Sequence[str],
    channels: Sequence[tuple[str, Sequence[Listed]]],
    zone: ZoneInfo,
    now: datetime,
) -> HomePage:
    """Return the page of a person whose greatest role anywhere is `role`.

    `channels` are the chats of the person, by the platform's ids, with what each receives.
    """
    ranking = leaderboard_card(board, rules)
    listed = tuple(_channel(chat, found, now) for chat, found in channels if found)
    return HomePage(
        title="Conclave",
        intro="Many language models sit as one investment committee. Name a ticker, and they argue and vote.",
        leaderboard=ranking.model_copy(update={"standings": ranking.standings[:TOP]}),
        verdicts=verdicts_card("Latest verdicts", latest, (), zone) if latest else None,
        watchlist=tuple(watchlist),
        channels=listed,
        no_channels="" if listed else "None of your channels receives anything by itself yet.",
        buttons=(
            Button(label="Leaderboard", data=encode(ShowBoard())),
            Button(label="Help", data=encode(ShowHelp())),
        ),
        # A viewer may look at what a channel receives and at its settings, and is told so there.
        forms=(*((_ASK,) if role >= Role.RUNNER else ()), *_FOR_ALL),
        footer=f"Updated {numbers.moment(now, zone)} · {words.PAPER}",
    )


def stranger_page(person: str) -> HomePage:
    """Return the page of somebody without a role anywhere, which says how to be let in."""
    return HomePage(
        title="Conclave",
        intro="This committee is private. To be let in, give its admin your id: you are "
        f"{person}. If you are in a channel where the committee answers, send it a command there, for "
        "instance /leaderboard, then open this page again.",
    )


def _channel(chat: str, found: Sequence[Listed], now: datetime) -> HomeChannel:
    lines = tuple(subscription_line(one, now) for one in found[:MOST_LINES])
    return HomeChannel(chat=chat, lines=lines, more=max(len(found) - MOST_LINES, 0))
