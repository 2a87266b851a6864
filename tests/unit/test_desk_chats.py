"""The desk and chats themselves: greetings, closed and muted chats, anonymous administrators, edits."""

from dataclasses import replace

import pytest

from bot.cards import HelpCard, Notice
from bot.chat_news import ChatNews
from bot.desk import Desk
from bot.request import Address, Person, Request
from core.domain.chat import ChatState
from core.domain.errors import StoreError
from tests.arena_double import ArenaDouble
from tests.desk_scene import arena
from tests.door_double import ALICE, CHAT, DoorDouble, press, request

ITSELF = Person(CHAT.chat_id, "Traders")
REMOVED = ChatNews(CHAT, "1", "supergroup", "Traders", ChatState.CLOSED, "The bot is no longer in the group.")
ADDED = ChatNews(CHAT, "2", "supergroup", "Traders", ChatState.OPEN, entered=True)
MUTED = ChatNews(CHAT, "3", "supergroup", "Traders", ChatState.RESTRICTED, "The bot may not send messages.")
PRIVATE = Address("telegram", "1001")


@pytest.fixture
def door() -> DoorDouble:
    return DoorDouble()


def said(door: DoorDouble) -> list[tuple[str, str]]:
    """What was said, and where."""
    return [
        (shown.address.chat, shown.now.text)
        for shown in door.messages.values()
        if isinstance(shown.now, Notice)
    ]


async def hears(app: ArenaDouble, door: DoorDouble, *news: ChatNews) -> list[tuple[str, str]]:
    desk = Desk(app)
    for one in news:
        await desk.news(one, door)
    return said(door)


async def test_a_group_that_is_not_let_in_reads_its_id_once(door: DoorDouble) -> None:
    app = arena()
    ((chat, text),) = await hears(app, door, ADDED, REMOVED, ADDED, ADDED)
    assert chat == CHAT.chat
    assert "not let in yet" in text
    assert CHAT.chat_id in text


async def test_a_group_that_is_let_in_reads_what_it_may_do(door: DoorDouble) -> None:
    app = arena(access={"chats": [{"id": CHAT.chat_id, "role": "viewer"}]})
    ((_, text),) = await hears(app, door, ADDED)
    assert "Everybody here is viewer; /help" in text


@pytest.mark.parametrize("kind", ["private", "channel"])
async def test_who_unblocks_the_bot_and_a_channel_are_not_greeted(door: DoorDouble, kind: str) -> None:
    assert await hears(arena(), door, replace(ADDED, kind=kind)) == []


async def test_a_group_that_has_moved_is_not_greeted_again(door: DoorDouble) -> None:
    app = arena()
    old = Address("telegram", "-300")
    assert await hears(app, door, replace(ADDED, address=old), ChatNews(old, "4", moved_to=CHAT), ADDED) == [
        ("-300", said(door)[0][1])
    ]
    assert app.known_chats.moved == {"telegram:-300": CHAT.chat_id}  # type: ignore[attr-defined]


async def test_the_role_of_a_group_goes_with_it_when_it_moves(door: DoorDouble) -> None:
    app = arena(access={"chats": [{"id": "telegram:-300", "role": "viewer"}]})
    desk, carol = Desk(app), Person("telegram:1003", "Carol")
    await desk.news(ChatNews(Address("telegram", "-300"), "4", moved_to=CHAT), door)
    await desk.handle(request("help", carol), door)
    assert isinstance(door.last.now, HelpCard)


async def test_a_command_that_was_sent_before_a_group_moved_is_answered_where_it_went(
    door: DoorDouble,
) -> None:
    app = arena()
    desk, old = Desk(app), Address("telegram", "-300")
    await desk.news(ChatNews(old, "4", moved_to=CHAT), door)
    await desk.handle(request("run NVDA", address=old), door)
    assert {shown.address for shown in door.messages.values()} == {CHAT}
    assert [asked.requested_in for asked in app.requests] == [CHAT.chat_id]
    card = await desk.press(press("w.k3v9x2ma.1", address=old), door)
    assert card is not None


async def test_what_rested_goes_on_and_the_chat_is_told_once(door: DoorDouble) -> None:
    app = arena()
    app.known_chats.resting[CHAT.chat_id] = (1, 3)  # type: ignore[attr-defined]
    told = await hears(app, door, REMOVED, REMOVED, ADDED, ADDED)
    assert told == [
        (
            "1001",
            f"The chat {CHAT.chat_id} is closed to Conclave, so its subscriptions 1, 3 are paused. "
            "The bot is no longer in the group. They go on when the chat is open again, at the latest after "
            "the next command there.",
        ),
        (
            CHAT.chat,
            "I may post here again. Subscriptions 1, 3 go on, which rested meanwhile; "
            "/subscriptions shows what comes.",
        ),
        (CHAT.chat, told[2][1]),
    ]
    assert "not let in yet" in told[2][1]


async def test_an_admin_who_blocks_the_bot_is_not_written_to(door: DoorDouble) -> None:
    app = arena()
    app.known_chats.resting["telegram:1001"] = (2,)  # type: ignore[attr-defined]
    assert await hears(app, door, replace(REMOVED, address=PRIVATE, kind="private")) == []


async def test_in_a_group_in_which_the_bot_may_not_write_nothing_is_tried(door: DoorDouble) -> None:
    app = arena()
    desk = Desk(app)
    await desk.news(MUTED, door)
    await desk.handle(request("run NVDA"), door)
    await desk.handle(request("nonsense", Person("telegram:9", "Stranger")), door)
    assert (door.calls, app.requests) == ([], [])
    await desk.news(ADDED, door)
    await desk.handle(request("help"), door)
    assert isinstance(door.last.now, HelpCard)


async def test_a_chat_that_counts_as_closed_and_takes_an_answer_is_open_again(door: DoorDouble) -> None:
    app = arena()
    app.known_chats.resting[CHAT.chat_id] = (4,)  # type: ignore[attr-defined]
    await app.known_chats.was_shut(CHAT.chat_id, ChatState.CLOSED, "Forbidden.")
    await Desk(app).handle(request("help"), door)
    ((_, text),) = said(door)
    assert "Subscription 4 goes on" in text
    assert await app.known_chats.shut() == ()


async def test_news_that_cannot_be_kept_end_nothing(
    door: DoorDouble, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = arena()

    async def fails(*_: object) -> None:
        raise StoreError("The database is away.")

    monkeypatch.setattr(app.known_chats, "described", fails)
    assert await hears(app, door, ADDED) == []
    assert "The database is away." in caplog.text


# Anonymous administrators


async def test_an_anonymous_administrator_may_what_everybody_in_the_group_may(door: DoorDouble) -> None:
    app = arena(access={"admins": ["telegram:1001"], "chats": [{"id": CHAT.chat_id, "role": "viewer"}]})
    desk = Desk(app)
    await desk.handle(request("help", ITSELF, delivery="1"), door)
    assert isinstance(door.last.now, HelpCard)
    await desk.handle(request("run NVDA", ITSELF, delivery="2"), door)
    assert said(door) == [
        (
            CHAT.chat,
            "You are anonymous here, and I cannot see who you are. As everybody here you are viewer, "
            "and /run needs the role runner: send it as yourself.",
        )
    ]
    assert app.requests == []


async def test_in_a_group_without_a_role_an_anonymous_administrator_is_told_so_once(door: DoorDouble) -> None:
    desk = Desk(arena())
    for number in range(3):
        await desk.handle(request("help", ITSELF, delivery=str(number)), door)
    ((_, text),) = said(door)
    assert text.startswith("You are anonymous here, and I cannot see who you are.")
    assert CHAT.chat_id in text


# Edited messages


def message(text: str, *, edit: bool = False, delivery: str = "1", number: str = "5") -> Request:
    asked = request(text, ALICE, delivery=delivery)
    return replace(asked, once=f"7:{number}", only_commands=edit)


async def test_a_slip_of_the_finger_is_mended_by_editing_and_runs_once(door: DoorDouble) -> None:
    app = arena()
    desk = Desk(app)
    await desk.handle(message("rnu NVDA"), door)
    assert "I don't know the command" in said(door)[0][1]
    for number in ("2", "3", "4"):
        await desk.handle(message("run NVDA", edit=True, delivery=number), door)
    assert [asked.ticker for asked in app.requests] == ["NVDA"]


async def test_a_command_that_was_carried_out_is_not_carried_out_again_whatever_it_becomes(
    door: DoorDouble,
) -> None:
    app = arena()
    desk = Desk(app)
    await desk.handle(message("run NVDA"), door)
    shown = len(door.messages)
    for number, text in enumerate(("run NVDA", "run AAPL", "nonsense", "help"), start=2):
        await desk.handle(message(text, edit=True, delivery=str(number)), door)
    assert [asked.ticker for asked in app.requests] == ["NVDA"]
    assert len(door.messages) == shown


async def test_an_edit_that_is_no_command_is_not_answered(door: DoorDouble) -> None:
    desk = Desk(arena())
    await desk.handle(message("rnu NVDA"), door)
    await desk.handle(message("rn NVDA", edit=True, delivery="2"), door)
    assert len(door.messages) == 1


async def test_a_command_that_was_refused_can_be_mended(door: DoorDouble) -> None:
    desk = Desk(arena())
    await desk.handle(message("why NOPE"), door)
    await desk.handle(message("why NVDA", edit=True, delivery="2"), door)
    first, second = door.messages.values()
    assert isinstance(first.now, Notice)
    assert not isinstance(second.now, Notice)


async def test_a_run_that_could_not_start_can_be_mended(door: DoorDouble) -> None:
    app = arena()
    desk = Desk(app)
    app.failure = StoreError("No prices of NVDAA.")
    await desk.handle(message("run NVDAA"), door)
    app.failure = None
    await desk.handle(message("run NVDA", edit=True, delivery="2"), door)
    assert [asked.ticker for asked in app.requests] == ["NVDAA", "NVDA"]


async def test_two_messages_are_two_commands(door: DoorDouble) -> None:
    app = arena()
    desk = Desk(app)
    await desk.handle(message("run NVDA", number="5"), door)
    await desk.handle(message("run NVDA", number="6", delivery="2"), door)
    assert len(app.requests) == 2
