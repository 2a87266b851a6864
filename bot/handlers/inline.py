"""What a person is offered while they write the bot's name and a few words in any chat.

| words              | offered                                                            |
|--------------------|--------------------------------------------------------------------|
| none               | the leaderboard, and the latest verdicts                           |
| `leaderboard`      | the leaderboard                                                    |
| `NVDA`, a run's id | the verdict, the leaderboard, and the reasoning of each model      |
| `NVDA claude`      | the reasoning of that model where it decided, then each stage      |
| `NVDA claude bear` | that stage                                                         |
"""

from collections.abc import Awaitable, Callable, Sequence

from bot import arguments
from bot.commands import find
from bot.facts import verdict_of
from bot.handlers.why import reasoning_of
from bot.inline import Found, Offered
from bot.present.inline import board_offered, reasoning_offered, verdict_offered
from bot.present.leaderboard import leaderboard_card
from bot.present.reasoning import result_line
from core.app.app import App
from core.domain.errors import Refused
from core.domain.member import Member
from core.domain.run import RunRecord
from core.domain.stage import Stage

A_PAGE = 12
_MOST_WORDS = 6

Maker = Callable[[], Awaitable[Offered]]


async def inline(app: App, text: str, offset: int, page_size: int) -> Found:
    """Return a page of what `text` finds, from `offset` on; only what is on the page is made.

    Raises:
        Refused: nothing is found; the sentence says what to write instead.
    """
    words = text.split()[:_MOST_WORDS]
    makers = await _makers(app, words, page_size)
    chosen = [await make() for make in makers[offset : offset + A_PAGE]]
    following = offset + A_PAGE
    return Found(tuple(chosen), following if following < len(makers) else None)


async def _makers(app: App, words: Sequence[str], page_size: int) -> list[Maker]:
    if not words:
        _, recent = await app.subscriptions.tickers()
        return [_board(app), *(_latest(app, ticker) for ticker in recent)]
    if _is_board(words[0]):
        return [_board(app)]
    wish = arguments.why(words)
    record = await app.record(wish.reference)
    if wish.member is None:
        seated = [(seat.number, seat.member) for seat in record.voters]
        members = {member.number: member for member in await app.members()}
        models = [
            _reasoning(app, record, members[number], None, page_size)
            for number, _ in seated
            if number in members
        ]
        return [_verdict(app, record), _board(app), *models]
    member = await app.member(wish.member)
    if wish.stage is not None:
        return [_reasoning(app, record, member, wish.stage, page_size)]
    chat = await app.model_chat(record.run_id, member.name)
    stages = dict.fromkeys(stage.stage for stage in chat.stages)
    return [_reasoning(app, record, member, stage, page_size) for stage in (None, *stages)]


def _is_board(word: str) -> bool:
    try:
        return find(word).name == "leaderboard"
    except Refused:
        return False


def _board(app: App) -> Maker:
    async def make() -> Offered:
        return board_offered(leaderboard_card(await app.leaderboard(), app.settings.scores))

    return make


def _latest(app: App, ticker: str) -> Maker:
    async def make() -> Offered:
        record = await app.record(ticker)
        return verdict_offered(record.run_id, await verdict_of(app, record))

    return make


def _verdict(app: App, record: RunRecord) -> Maker:
    async def make() -> Offered:
        return verdict_offered(record.run_id, await verdict_of(app, record))

    return make


def _reasoning(app: App, record: RunRecord, member: Member, stage: Stage | None, page_size: int) -> Maker:
    async def make() -> Offered:
        card = await reasoning_of(app, record, member, stage, page_size)
        chat = await app.model_chat(record.run_id, member.name)
        return reasoning_offered(record.run_id, member.number, member.name, result_line(chat), card, stage)

    return make
