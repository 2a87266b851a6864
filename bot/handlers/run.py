"""`/run`: ask the committee."""

import asyncio
from functools import partial

from bot.arguments import RunArguments
from bot.cards import Notice, SummaryCard
from bot.facts import verdicts_of
from bot.handlers.call import Call, release_once
from bot.present.people import quota_words
from bot.present.price import price_notice, price_told
from core.app.app import App
from core.domain.run import RunRecord, RunRequest

_NOT_STARTED = "It did not start; its own message says why."


async def run(call: Call, arguments: RunArguments) -> SummaryCard | Notice | None:
    """Run every ticker at the same time, each with its own live message, and return one card of them all.

    The card comes once, after the last of them has ended: before that the live messages tell more, and edits
    of one more message would take from their pace. It adds no fact to theirs, so that a process which stops
    before need not bring it later; their ends always arrive.
    """
    address, person = call.request.address, call.request.person
    preset = arguments.preset or (await call.app.subscriptions.terms(address.platform, address.chat)).preset
    present = call.app.clock.now() if len(arguments.tickers) > 1 else None
    requests = [
        RunRequest(
            ticker=ticker,
            preset=preset,
            as_of=arguments.as_of,
            members=arguments.members,
            requested_by=person.id,
            requested_in=address.chat_id,
            present=present,
        )
        for ticker in arguments.tickers
    ]
    if not arguments.confirmed and (price := await call.app.price_to_confirm(requests)):
        await release_once(call.app, call.request)  # nothing has begun
        return price_notice(price, [_command(" ".join(arguments.tickers), arguments), "--yes"])
    records = await asyncio.gather(
        *(
            call.live.tell(
                partial(call.app.run, request),
                call.door,
                address,
                ticker=request.ticker,
                note=partial(_terms, call.app, person.id, address.chat_id),
                command=_command(request.ticker, arguments),
                asked_by=person,
            )
            for request in requests
        )
    )
    if not any(records):  # none of them could start, as with a ticker that does not exist
        await release_once(call.app, call.request)
    return await verdicts_of(
        call.app,
        [(ticker, record or _NOT_STARTED) for ticker, record in zip(arguments.tickers, records, strict=True)],
    )


async def _terms(app: App, person: str, chat: str, record: RunRecord) -> str:
    """Say what a run presumably costs, if anything, and what is left today, where that is little.

    The run has been counted.
    """
    price = await app.price_of_run(record)
    left = quota_words(await app.people.quotas.left(person, chat), only_scarce=True)
    return " · ".join(filter(None, [price_told(price) if price.usd != 0 else "", left]))


def _command(ticker: str, arguments: RunArguments) -> str:
    """Return the command that asks for the run of one of the tickers."""
    words = ["run", ticker]
    if arguments.preset:
        words.append(arguments.preset.value)
    if arguments.as_of:
        words.append(arguments.as_of.isoformat())
    if arguments.members:
        words.append(f"--members={','.join(arguments.members)}")
    return " ".join(words)
