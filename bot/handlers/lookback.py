"""`/history`, `/compare`, `/export` and the pages of a portfolio: looking back, page by page in one message.

Whoever may read a verdict may read all this, so a viewer's role is enough; the desk has looked at it.
"""

from bot.cards import Card, Notice
from bot.door import ChatGone, DeliveryFailed, Door, Flooded, Unsure
from bot.facts import zone_of
from bot.handlers.call import Call, PressCall
from bot.live_message import LiveMessages
from bot.lookback_arguments import CompareArguments, ExportArguments, HistoryArguments
from bot.lookback_buttons import ExportRun, TurnBooks, TurnCompared, TurnHistory, decode
from bot.present.compare import compare_card
from bot.present.past import export_card, history_card
from bot.present.pictures import with_charts
from bot.present.portfolio import LOOKED_AT, books_card, portfolio_card
from bot.request import Address
from core.app.chat_files import RunFiles

OFFERED = 6
"""How many runs `/export` alone offers."""
POST_TRIES = 3
WITHIN_S = 60.0


async def history(call: Call, arguments: HistoryArguments) -> Card:
    """Show the first page of past runs."""
    return history_card(await call.app.past_runs(arguments.ticker, 1), zone_of(call.app))


async def compare(call: Call, arguments: CompareArguments) -> Card:
    """Show the ballots of two members of one run beside each other."""
    found = await call.app.compared(arguments.one, arguments.other, arguments.reference)
    return compare_card(found, 1, zone_of(call.app))


async def export(call: Call, arguments: ExportArguments) -> Card | None:
    """Post a run as files, or explain it."""
    if arguments.reference is None:
        return export_card(await call.app.past_runs(None, 1, rows=OFFERED), zone_of(call.app))
    files = await call.app.run_files(arguments.reference, arguments.member)
    return await _posted(files, call.live, call.door, call.request.address)


async def lookback_pressed(call: PressCall) -> Card | None:
    """Show the page that a button asks for, or post the files of a run.

    Raises:
        NotFound: what it is about is not there (any more).
        Refused: the button is not of this version's making, or the run is too large for a file.
    """
    app, wish = call.app, decode(call.press.data)
    match wish:
        case TurnHistory():
            return history_card(await app.past_runs(wish.ticker, wish.page), zone_of(app))
        case TurnCompared():
            record = await app.run_record(wish.run_id)
            one, other = [await app.member_numbered(number) for number in (wish.one, wish.other)]
            found = await app.compared(one.name, other.name, record.run_id)
            return compare_card(found, wish.page, zone_of(app))
        case TurnBooks():
            member = await app.member_numbered(wish.member)
            statement = await app.portfolio(member.name, last=LOOKED_AT)
            if wish.part is None:
                card = portfolio_card(statement, zone_of(app), number=member.number)
            else:
                card = books_card(statement, wish.part, wish.page, zone_of(app), number=member.number)
            return with_charts(card, member.number)
        case ExportRun():
            record = await app.run_record(wish.run_id)
            files = await app.run_files(record.run_id)
            return await _posted(files, call.live, call.door, call.press.address)


async def _posted(files: RunFiles, live: LiveMessages, door: Door, address: Address) -> Notice | None:
    """Post the files of a run one after another; return what is to be said of one that was not taken."""
    captions = ("to read", "for programs")
    for (name, content), what in zip(files.files, captions, strict=True):
        caption = f"Run {files.run_id} on {files.ticker}, whole, {what}."
        if trouble := await _sent(name, content, caption, live, door, address):
            return Notice(text=trouble, tone="warning")
    return None


async def _sent(
    name: str, content: bytes, caption: str, live: LiveMessages, door: Door, address: Address
) -> str | None:
    """Post one file in the turns of its chat; return why it was not taken, or None."""
    why = "the chat takes no messages at the moment"
    for _ in range(POST_TRIES):
        chat = live.pacers.at(door, address)
        if not await chat.turn(within_s=WITHIN_S):
            break
        try:
            await door.send_file(address, name, content, caption)
        except Flooded as flood:
            chat.close_for(flood.retry_after_s)
        except Unsure:
            return f"Nobody can say whether the file {name} has arrived. If it is not above, ask once more."
        except (ChatGone, DeliveryFailed) as error:
            why = str(error).rstrip(".")
            break
        else:
            return None
    return f"The file {name} could not be posted: {why}. Ask once more in a minute."
