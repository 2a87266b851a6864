"""`/run`: ask the committee."""

import asyncio
from functools import partial

from bot.arguments import RunArguments
from bot.handlers.call import Call
from core.domain.run import RunRequest


async def run(call: Call, arguments: RunArguments) -> None:
    """Run every ticker at the same time, each with its own live message."""
    preset = arguments.preset or call.app.settings.pipeline.preset
    address, person = call.request.address, call.request.person
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
            call.live.tell(
                partial(call.app.run, request), call.door, address, ticker=request.ticker, asked_by=person
            )
            for request in requests
        )
    )
