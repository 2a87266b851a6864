"""`/why` and the buttons of the cards: open the verdict and the reasoning behind it."""

from typing import NamedTuple

from bot.arguments import WhyArguments
from bot.buttons import OpenReasoning, OpenVerdict, TurnTo, decode
from bot.cards import Card
from bot.facts import verdict_of, zone_of
from bot.handlers.call import Call, PressCall
from bot.handlers.evidence import evidence_of
from bot.present.explain import reasoning_window, verdict_window
from bot.present.reasoning import Page, nothing_to_read, page_at, page_of, pages, reasoning_card
from core.app.app import App
from core.domain.member import Member
from core.domain.run import RunRecord
from core.domain.stage import ModelChat, Stage


class _Opened(NamedTuple):
    """One member's ModelChat of one run, in pages."""

    record: RunRecord
    member: Member
    chat: ModelChat
    book: tuple[Page, ...]


async def why(call: Call, arguments: WhyArguments) -> Card:
    """Show the verdict card, its evidence, or a member's reasoning where it decided or at a stage."""
    app = call.app
    record = await app.record(arguments.reference)
    if arguments.evidence:
        return await evidence_of(app, record, call.door.page_size)
    if arguments.member is None:
        return await verdict_of(app, record)
    member = await app.member(arguments.member)
    return await reasoning_of(app, record, member, arguments.stage, call.door.page_size)


async def reasoning_of(
    app: App, record: RunRecord, member: Member, stage: Stage | None, page_size: int
) -> Card:
    """Return a member's reasoning in a run where it decided, or at a stage.

    Raises:
        NotFound: the member had no seat in the run.
    """
    opened = await _open(app, record, member, page_size)
    return _card(app, opened, page_of(opened.book, stage), stage)


async def pressed(call: PressCall) -> Card:
    """Show the verdict or the page that a button asks for, in pages as long as the door's.

    Both have what a window has room for: the way to every other member, and the verdict in prose.

    Raises:
        NotFound: the run, or the member's seat in it, is not there (any more).
    """
    app, wish = call.app, decode(call.press.data)
    assert isinstance(wish, OpenReasoning | TurnTo | OpenVerdict)  # noqa: S101 - by the data's first word
    record = await app.run_record(wish.run_id)
    if isinstance(wish, OpenVerdict):
        return verdict_window(await verdict_of(app, record), record)
    opened = await _open(app, record, await app.member_numbered(wish.member), call.door.page_size)
    match wish:
        case OpenReasoning(stage=None):
            return _card(app, opened, page_of(opened.book, None))
        case OpenReasoning(stage=ordinal):
            return _card(app, opened, page_at(opened.book, ordinal or 1, 1))
        case TurnTo():
            return _card(app, opened, page_at(opened.book, wish.stage, wish.page))


async def page_shown(call: PressCall, wish: TurnTo) -> Card:
    """Return the page that `wish` names, as everybody is to see it.

    Raises:
        NotFound: as in `pressed`.
    """
    record = await call.app.run_record(wish.run_id)
    member = await call.app.member_numbered(wish.member)
    opened = await _open(call.app, record, member, call.door.page_size)
    return _card(call.app, opened, page_at(opened.book, wish.stage, wish.page))


async def _open(app: App, record: RunRecord, member: Member, page_size: int) -> _Opened:
    chat = await app.model_chat(record.run_id, member.name)
    return _Opened(record, member, chat, pages(chat, page_size))


def _card(app: App, opened: _Opened, page: Page | None, stage: Stage | None = None) -> Card:
    if page is None:
        return nothing_to_read(opened.chat, stage)
    card = reasoning_card(
        opened.book,
        page,
        record=opened.record,
        chat=opened.chat,
        member=opened.member,
        zone=zone_of(app),
    )
    return reasoning_window(card, page, opened.record, opened.member)
