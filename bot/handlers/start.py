"""`/start`: the first screen, or what a link to the bot opens."""

from bot.access import Role
from bot.cards import Card
from bot.deep_links import LinkToBoard, LinkToReasoning, LinkToVerdict
from bot.facts import verdict_of
from bot.handlers.call import Call
from bot.handlers.why import reasoning_of
from bot.present.help import start_card
from bot.present.leaderboard import leaderboard_card
from bot.start_arguments import StartArguments


async def start(call: Call, arguments: StartArguments) -> Card:
    """Say what Conclave is, or open what the link asks for, with the buttons of its page.

    Raises:
        NotFound: the run, or the member's seat in it, is not there (any more).
    """
    app = call.app
    match arguments.link:
        case None:
            return start_card(may_run=call.role >= Role.RUNNER)
        case LinkToBoard():
            return leaderboard_card(await app.leaderboard(), app.settings.scores)
        case LinkToVerdict() as link:
            return await verdict_of(app, await app.run_record(link.run_id))
        case LinkToReasoning() as link:
            record, member = await app.run_record(link.run_id), await app.member_numbered(link.member)
            return await reasoning_of(app, record, member, link.stage, call.door.page_size)
