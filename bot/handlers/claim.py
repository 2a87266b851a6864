"""`/claim`: how whoever set the service up becomes its first admin, from the chat itself."""

from bot.cards import Card, Notice
from bot.claim_arguments import ClaimArguments
from bot.handlers.call import Call


async def claim(call: Call, arguments: ClaimArguments) -> Card:
    """Make the person admin everywhere, if the code is right.

    Raises:
        NotAllowed: it is not.
        Refused: no code waits.
    """
    person = call.request.person
    await call.app.claims.take(arguments.code, person.id)
    return Notice(
        text=f"You are admin of this committee now, {person.name or person.id}. "
        "Send /help for what there is, or begin with /run and a ticker."
    )
