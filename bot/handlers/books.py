"""`/leaderboard`, `/portfolio` and `/digest`: how the members stand, and what has happened."""

from bot.arguments import LeaderboardArguments, NoArguments, PortfolioArguments
from bot.cards import Card
from bot.facts import zone_of
from bot.handlers.call import Call
from bot.handlers.pictures import ranking
from bot.present.digest import digest_card
from bot.present.pictures import with_charts
from bot.present.portfolio import LOOKED_AT, portfolio_card


async def leaderboard(call: Call, arguments: LeaderboardArguments) -> Card:
    """Rank the members, as a picture where the chat wants that."""
    return await ranking(call, arguments)


async def portfolio(call: Call, arguments: PortfolioArguments) -> Card:
    """Show one member's books, or without a member the ranking of all."""
    if arguments.member is None:
        return await leaderboard(call, LeaderboardArguments())
    member = await call.app.member(arguments.member)
    statement = await call.app.portfolio(member.name, last=LOOKED_AT)
    card = portfolio_card(statement, zone_of(call.app), number=member.number)
    return with_charts(card, member.number)


async def digest(call: Call, arguments: NoArguments) -> Card:
    """Tell what has happened since the close before last."""
    del arguments
    return digest_card(await call.app.digest(), zone_of(call.app))
