"""`/run`: ask the committee."""

import asyncio
from functools import partial

from bot.arguments import RunArguments
from bot.handlers.call import Call
from core.domain.run import RunRequest


async def run(call: Call, arguments: RunArguments) -> None:
    """Run every ticker at the same time, each with its own live message."""
    address, person = call.request.address, call.request.person
    preset = arguments.preset or (await call.app.subscriptions.terms(address.platform, address.chat)).preset
    requests = [
        RunRequest(
            ticker=ticker,
            preset=preset,
            as_of=arguments.as_of,
            members=arguments.members,
            requested_by=person.id,
            requested_in=address.chat_id,
        )
        for ticker in arguments.tickers
    ]
    await asyncio.gather(
        *(
            call.live.tell(partial(call.app.run, request), call.door, address, ticker=request.ticker)
            for request in requests
        )
    )
