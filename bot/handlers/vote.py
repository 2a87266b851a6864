"""`/vote` and the buttons of a run that goes on: what people would do."""

from bot.arguments import VoteArguments
from bot.buttons import CastVote, decode
from bot.cards import Card
from bot.handlers.call import Call, PressCall
from bot.present.notices import vote_notice


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


async def vote_pressed(call: PressCall) -> Card:
    """Take the vote of whoever pressed a button.

    Raises:
        NotFound: the run is not there (any more).
        Refused: the run takes no votes (any more).
    """
    press, wish = call.press, decode(call.press.data)
    assert isinstance(wish, CastVote)  # noqa: S101 - by the data's first word
    record = await call.app.run_record(wish.run_id)
    taken = await call.app.vote(
        record.run_id, wish.action, None, person=press.person.id, chat=press.address.chat_id
    )
    return vote_notice(taken)
