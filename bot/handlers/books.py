"""`/leaderboard` and `/portfolio`: how the members stand."""

from bot.arguments import LeaderboardArguments, PortfolioArguments
from bot.cards import Card
from bot.facts import zone_of
from bot.handlers.call import Call
from bot.present.leaderboard import leaderboard_card
from bot.present.portfolio import portfolio_card


async def leaderboard(call: Call, arguments: LeaderboardArguments) -> Card:
    """Rank the members."""
    board = await call.app.leaderboard(period=arguments.period, by=arguments.by, net_of_tokens=arguments.net)
    return leaderboard_card(board, call.app.settings.scores)


async def portfolio(call: Call, arguments: PortfolioArguments) -> Card:
    """Show one member's books, or without a member the ranking of all."""
    if arguments.member is None:
        return await leaderboard(call, LeaderboardArguments())
    return portfolio_card(await call.app.portfolio(arguments.member), zone_of(call.app))
