"""How the members stand, and how far each is to be trusted."""

from bot import arguments, board_arguments, season_arguments
from bot.access import Role
from bot.registry.command import Command
from core.domain.scores import Metric

BOOKS: tuple[Command, ...] = (
    Command(
        name="leaderboard",
        usage="/leaderboard [7d|30d|all] [metric] [net]",
        summary="Rank the models by value or any other metric",
        detail="Value, profit or loss, return, trades, win rate and cash of every member, at the last marks. "
        "7d, 30d or any number of days looks at that time alone. With a metric it ranks by that: "
        f"{', '.join(Metric)}. All but value, pnl and return are as of the last close. With net, these "
        "three are less what the tokens cost. "
        "▲2 and ▼1 say how many ranks a member has moved since the session before.",
        role=Role.VIEWER,
        handler="leaderboard",
        read=board_arguments.leaderboard,
        aliases=("board", "top"),
    ),
    Command(
        name="portfolio",
        usage="/portfolio [model]",
        summary="Show a model's cash, holdings and orders",
        detail="One model's books: cash, holdings with their marks, orders that wait for the next open, and "
        "the last fills. A part of the name is enough. Without a model, everybody's in short.",
        role=Role.VIEWER,
        handler="portfolio",
        read=arguments.portfolio,
    ),
    Command(
        name="models",
        usage="/models [model]",
        summary="List who sits on the committee, and how far each is to be trusted",
        detail="Every member with its kind, the route by which it is reached, and its weight in the vote. "
        "With a model, or a part of its name: how often it was right 1, 5 and 20 sessions after its ballots, "
        "whether its confidence means what it says, and the weight that it has earned.",
        role=Role.VIEWER,
        handler="models",
        read=arguments.models,
        aliases=("members",),
    ),
    Command(
        name="season",
        usage="/season [NAME]",
        summary="Show where the season stands, and how others ended",
        detail="The day of the season, the sessions that are left, who leads, and who has won before. With "
        "the name of a season that has ended, its final table. Admins start a fresh one with /season start "
        "winter to 2025-12-31 (also from a day), let it end with /season end on 2025-12-31, or end it at "
        "once with /season end. What cannot be undone asks first.",
        role=Role.VIEWER,
        handler="season",
        read=season_arguments.season,
        noted=lambda asked: asked.what != "show",
    ),
    Command(
        name="digest",
        usage="/digest",
        summary="Tell what has happened since the close before last",
        detail="The verdicts and what they have earned so far, who stood against whom, trades, movers and "
        "what it cost. /subscribe digest daily after close brings it here every day.",
        role=Role.VIEWER,
        handler="digest",
        read=arguments.nothing,
    ),
)
