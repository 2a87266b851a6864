"""A person's own page, where a platform has one (Slack calls it the Home tab), as facts in words.

It is no message: it is made of cards, stands still until it is replaced, and one person sees it.
"""

from bot.cards import Button, LeaderboardCard, SubscriptionLine, SummaryCard
from core.domain.values import Frozen


class HomeChannel(Frozen):
    """What one chat of the person receives by itself. `chat` is the platform's id of it."""

    chat: str
    lines: tuple[SubscriptionLine, ...]
    more: int = 0


class HomePage(Frozen):
    """Everything on the page. For a stranger nothing but `title` and `intro` is there.

    `buttons` send what the desk answers; `forms` says which windows can be opened to fill in: `ask`,
    `subscribe`, `settings`.
    """

    title: str
    intro: str
    leaderboard: LeaderboardCard | None = None
    verdicts: SummaryCard | None = None
    watchlist: tuple[str, ...] = ()
    channels: tuple[HomeChannel, ...] = ()
    no_channels: str = ""
    buttons: tuple[Button, ...] = ()
    forms: tuple[tuple[str, str], ...] = ()
    footer: str = ""
