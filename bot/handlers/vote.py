"""`/vote` and the buttons of a run that goes on: what people would do."""

from bot.arguments import VoteArguments
from bot.buttons import CastVote
from bot.cards import Card
from bot.handlers.call import Call
from bot.present.notices import vote_notice
from bot.request import Press
from core.app.app import App


async def vote(call: Call, arguments: VoteArguments) -> Card:
    """Take a vote, and say how all stand."""
    request = call.request
    taken = await call.app.vote(
        arguments.reference,
        arguments.action,
        arguments.confidence,
        person=request.person.id,
        chat=request.address.chat_id,
    )
    return vote_notice(taken)


async def vote_pressed(app: App, wish: CastVote, press: Press) -> Card:
    """Take the vote of whoever pressed a button.

    Raises:
        NotFound: the run is not there (any more).
        Refused: the run takes no votes (any more).
    """
    record = await app.run_record(wish.run_id)
    taken = await app.vote(
        record.run_id, wish.action, None, person=press.person.id, chat=press.address.chat_id
    )
    return vote_notice(taken)
