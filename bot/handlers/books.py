"""`/leaderboard` and `/portfolio`: how the members stand."""

from bot.arguments import NoArguments, PortfolioArguments
from bot.cards import Card
from bot.facts import zone_of
from bot.handlers.call import Call
from bot.present.leaderboard import leaderboard_card
from bot.present.portfolio import portfolio_card


async def leaderboard(call: Call, arguments: NoArguments) -> Card:
    """Rank the members."""
    del arguments
    return leaderboard_card(await call.app.leaderboard())


async def portfolio(call: Call, arguments: PortfolioArguments) -> Card:
    """Show one member's books, or without a member the ranking of all."""
    if arguments.member is None:
        return leaderboard_card(await call.app.leaderboard())
    return portfolio_card(await call.app.portfolio(arguments.member), zone_of(call.app))
