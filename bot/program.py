"""What the program's commands do, once the command line is read."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from rich.console import Console

from bot.documents import (
    calibration_document,
    chat_document,
    leaderboard_document,
    portfolio_document,
    recount_document,
    run_document,
)
from bot.facts import recount_of, verdict_of, verdicts_of, zone_of
from bot.member_documents import members_document, stability_document
from bot.present.calibration import calibration_card
from bot.present.leaderboard import leaderboard_card
from bot.present.models import models_card
from bot.present.portfolio import portfolio_card
from bot.present.price import price_question, price_told
from bot.present.reasoning import nothing_to_read, pages, reasoning_card
from bot.present.run import RunProgress
from bot.program_books import warned
from bot.program_rerun import announce, show_rerun
from bot.screen import Screen, kept
from core.app.app import App
from core.app.assemble import open_app
from core.app.pricework import RunPrice
from core.config import Settings
from core.domain.ballot import Ballot
from core.domain.errors import ConclaveError, NotFound, Refused
from core.domain.events import MemberFinished, RunEnded, RunEvent, RunStarted
from core.domain.run import RunRecord, RunRequest
from core.domain.scores import Metric
from core.domain.season import Season
from core.domain.stage import Preset, Stage

_PAGE = 100_000


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[App]:
    """Open the arena, and close it whatever happens."""
    app = await open_app(settings)
    try:
        yield app
    finally:
        await app.close()


class Output:
    """Where a command writes: results to stdout, progress and remarks to stderr."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.out = Console(file=sys.stdout, highlight=False, soft_wrap=False)
        self.err = Console(file=sys.stderr, highlight=False)

    def document(self, value: object) -> None:
        """Print one JSON document."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")

    def sentence(self, text: str) -> None:
        """Say something on stderr."""
        self.err.print(text, markup=False, soft_wrap=True)


async def run(
    settings: Settings,
    output: Output,
    tickers: tuple[str, ...],
    *,
    preset: Preset | None,
    members: tuple[str, ...],
    as_of: datetime | None,
    weights: Mapping[str, Decimal] | None = None,
    confirmed: bool = False,
) -> bool:
    """Run every ticker at the same time; False when one of them could not be run.

    What costs more than `budget.confirm_above_usd` is asked about first, unless it is `confirmed`.
    """
    async with opened(settings) as app:
        await warned(app, output.sentence)
        chosen = preset or settings.pipeline.preset
        present = app.clock.now() if len(tickers) > 1 else None
        requests = [
            RunRequest(
                ticker=ticker,
                preset=chosen,
                as_of=as_of,
                members=members,
                present=present,
                weights=weights or {},
            )
            for ticker in tickers
        ]
        if not confirmed and (price := await app.price_to_confirm(requests)) and not _agreed(output, price):
            output.sentence("Nothing was run.")
            return False
        with suppress(Refused):  # each run says by itself what is wrong with it
            price = await app.price_of(requests)
            if price.usd != 0:  # rules cost nothing, and of that nobody need hear
                output.sentence(f"{price_told(price)}.")
        streams = {request.ticker: app.run(request) for request in requests}
        return await _show(app, output, streams)


def _agreed(output: Output, price: RunPrice) -> bool:
    """Ask at the terminal; nothing else goes on meanwhile, so it may wait.

    Raises:
        Refused: nobody is there who could answer.
    """
    question = price_question(price)
    if output.as_json or not sys.stdin.isatty():
        raise Refused(f"{price_told(price)}: add --yes to run it.")
    output.err.print(f"{question} [y/N] ", end="", markup=False)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


async def resume(settings: Settings, output: Output, run_id: str) -> bool:
    """Continue one interrupted run."""
    async with opened(settings) as app:
        await warned(app, output.sentence)
        try:
            record = await app.run_record(run_id)
        except NotFound:
            raise NotFound(f"There is no run {run_id[:20]}.") from None
        return await _show(app, output, {record.ticker: app.resume(record.run_id)}, going_on=[record])


async def rerun(
    settings: Settings,
    output: Output,
    reference: str,
    *,
    members: tuple[str, ...],
    preset: Preset | None,
) -> bool:
    """Ask about the evidence of a run again, and print both beside each other; False when that failed."""
    async with opened(settings) as app:
        plan = await app.rerun_plan(reference, members=members, preset=preset)
        announce(output, plan)
        return await _show(app, output, {plan.original.ticker: app.rerun(plan)})


async def _show(
    app: App,
    output: Output,
    streams: dict[str, AsyncIterator[RunEvent]],
    *,
    going_on: Sequence[RunRecord] = (),
) -> bool:
    """Follow runs to their ends, then print verdicts, leaderboard and a summary, or the documents.

    One that asks again stands beside the run that it repeats instead.

    Raises:
        Refused: Ctrl-C came before; the sentence names the runs that can be continued.
    """
    progress = Screen(output.err)
    unfinished: dict[str, RunRecord | None] = dict.fromkeys(streams)
    unfinished.update((record.ticker, record) for record in going_on)
    following = [
        _follow(app, output, progress, ticker, events, unfinished) for ticker, events in streams.items()
    ]
    try:
        outcomes = await asyncio.gather(*following, return_exceptions=True)
    except asyncio.CancelledError:
        told = [
            kept(record) if record else f"The run of {ticker} had not begun yet and is dropped."
            for ticker, record in unfinished.items()
        ]
        raise Refused("\n".join(told) or "Stopped; every run had ended.") from None
    finally:
        progress.clear()
    records = [outcome for outcome in outcomes if isinstance(outcome, RunRecord)]
    failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    for failure in failures:
        if not isinstance(failure, ConclaveError):
            raise failure
        output.sentence(str(failure))
    asked = [(ticker, _told(outcome)) for ticker, outcome in zip(streams, outcomes, strict=True)]
    if records and records[0].rerun_of is not None:
        await show_rerun(app, output, records[0])
    elif records:
        await _print(app, output, records, asked)
    return not failures


async def _print(
    app: App, output: Output, records: Sequence[RunRecord], asked: Sequence[tuple[str, RunRecord | str]]
) -> None:
    """Print what runs have come to, and of several that were `asked` for a summary."""
    if output.as_json:
        output.document([run_document(record, app.clock.now()) for record in records])
        return
    screen = Screen(output.out)
    for record in records:
        screen.show(await verdict_of(app, record))
    for season in dict.fromkeys(record.season for record in records):
        screen.show(leaderboard_card(await app.leaderboard(season), app.settings.scores))
    if summary := await verdicts_of(app, asked):
        screen.show(summary)


def _told(outcome: RunRecord | BaseException) -> RunRecord | str:
    return outcome if isinstance(outcome, RunRecord) else str(outcome)


async def _follow(
    app: App,
    output: Output,
    screen: Screen,
    ticker: str,
    events: AsyncIterator[RunEvent],
    unfinished: dict[str, RunRecord | None],
) -> RunRecord:
    """Show one run while it goes on, which `unfinished` then tells, and return its record."""
    state = RunProgress(ticker, zone_of(app))
    screen.progress(ticker, state.card())
    try:
        async for event in events:
            state = state.apply(event)
            screen.progress(ticker, state.card())
            if not output.err.is_terminal:
                _line(output, ticker, event)
            if isinstance(event, RunStarted):
                unfinished[ticker] = event.record
            if isinstance(event, RunEnded):
                unfinished.pop(ticker, None)
                return event.record
    finally:
        screen.done(ticker)
    raise ConclaveError(f"The run of {ticker} ended without a result.")


def _line(output: Output, ticker: str, event: RunEvent) -> None:
    """Say on a pipe what a terminal would show."""
    match event:
        case RunStarted():
            count = len(event.record.voters)
            output.sentence(f"{ticker}: run {event.record.run_id} asks {count} members")
        case MemberFinished():
            result = event.result
            told = (
                f"{result.action} {result.confidence:.0%}"
                if isinstance(result, Ballot)
                else f"abstained: {result.reason}"
            )
            output.sentence(f"{ticker}: {result.member} {told}")
        case _:
            return


async def why(
    settings: Settings, output: Output, reference: str, member: str | None, stage: Stage | None
) -> None:
    """Print a run's verdict, or one member's reasoning, from one stage on."""
    async with opened(settings) as app:
        record = await app.record(reference)
        if member is None:
            if output.as_json:
                output.document(run_document(record, app.clock.now()))
            else:
                Screen(output.out).show(await verdict_of(app, record))
            return
        found = await app.member(member)
        chat = await app.model_chat(record.run_id, found.name)
        if output.as_json:
            output.document(chat_document(chat, stage))
            return
        screen, book = Screen(output.out), pages(chat, _PAGE)
        wanted = [page for page in book if stage in {None, page.stage.stage}]
        for page in wanted:
            card = reasoning_card(book, page, record=record, chat=chat, member=found, zone=zone_of(app))
            screen.show(card.model_copy(update={"page_buttons": (), "stage_buttons": ()}))
        if not wanted:
            screen.show(nothing_to_read(chat, stage))


async def recount(
    settings: Settings, output: Output, reference: str, method: str, threshold: Decimal | None
) -> None:
    """Print what another method makes of an old run, beside what the run decided."""
    async with opened(settings) as app:
        record, counted = await app.recount(reference, method, threshold)
        if output.as_json:
            output.document(recount_document(record, counted))
        else:
            Screen(output.out).show(await recount_of(app, record, counted))


async def leaderboard(
    settings: Settings, output: Output, *, season: Season | None, period: str, by: Metric, net: bool
) -> None:
    """Print the ranking by a metric over a period."""
    async with opened(settings) as app:
        board = await app.leaderboard(season, period=period, by=by, net_of_tokens=net)
        if not board.standings and (others := await app.seasons()):
            output.sentence(f"Seasons with books, for --season: {', '.join(others)}.")
        if output.as_json:
            output.document(leaderboard_document(board))
        else:
            Screen(output.out).show(leaderboard_card(board, settings.scores))


async def portfolio(settings: Settings, output: Output, member: str, season: Season | None) -> None:
    """Print one member's books."""
    async with opened(settings) as app:
        statement = await app.portfolio(member, season)
        if output.as_json:
            output.document(portfolio_document(statement))
        else:
            Screen(output.out).show(portfolio_card(statement, zone_of(app)))


async def models(settings: Settings, output: Output, member: str | None, season: Season | None) -> None:
    """Print who sits on the committee, or how far one member is to be trusted."""
    async with opened(settings) as app:
        steady = await app.stabilities()
        if member is None:
            members = await app.members()
            if output.as_json:
                output.document(members_document(members, steady))
            else:
                Screen(output.out).show(models_card(members, steady, zone_of(app)))
            return
        found = await app.calibration(member, season)
        steadiness = steady.get(found.member)
        if output.as_json:
            output.document(calibration_document(found) | {"stability": stability_document(steadiness)})
        else:
            Screen(output.out).show(calibration_card(found, zone_of(app), steadiness))


async def chat(settings: Settings, output: Output) -> None:
    """Talk at the terminal until the person leaves."""
    from bot.terminal import Chat, typed_lines

    async with opened(settings) as app, aclosing(typed_lines()) as lines:
        await warned(app, output.sentence)
        await Chat(app, Console(highlight=False)).talk(lines)


async def serve(settings: Settings, output: Output) -> None:
    """Serve the configured platforms until told to stop."""
    from bot.serve import serve as serve_platforms

    async with opened(settings) as app:
        await warned(app, output.sentence)
        await serve_platforms(app, output.sentence)


async def check(settings: Settings, output: Output, *, live: bool = False) -> bool:
    """Print what works and what does not; False on any failure. `live` asks every model, at a small cost."""
    from bot.checks import platform_probes
    from bot.terminal_checks import checks_table
    from core.app.probes import run_checks

    checks = await run_checks(settings, os.environ, tuple(platform_probes(settings)), live=live)
    output.out.print(checks_table(checks))
    return all(found.state != "failed" for found in checks)


async def upgrade(settings: Settings) -> None:
    """Bring the database to this program's schema."""
    from core.app import database

    await database.upgrade(settings)


async def backup(settings: Settings, file: Path) -> None:
    """Copy the live database."""
    from core.app import database

    await database.backup(settings, file)
