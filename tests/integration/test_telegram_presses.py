"""Buttons pressed in Telegram, over real sockets, with a double in place of the desk."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bot.cards import Card, Notice
from bot.request import Address, Press, Request
from bot.telegram_updates import TelegramService
from core.clock import ManualClock
from tests import card_samples as samples
from tests import posted_facts
from tests.loopback.telegram_rules import Refusal
from tests.loopback.telegram_scene import ALICE, BOB, DeskDouble, Make, running, service_for
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import Flood, User

SUMMARY = posted_facts.CARDS["summary"]


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running:
        running.private(ALICE)
        running.private(BOB)
        yield running
        assert running.violations == []


@pytest.fixture
def desk() -> DeskDouble:
    return DeskDouble()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2025, 10, 29, tzinfo=UTC))


@pytest.fixture
def make(
    server: TelegramServer, desk: DeskDouble, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> Make:
    return lambda: service_for(server, desk, clock, monkeypatch)


async def press(server: TelegramServer, service: TelegramService, data: str) -> str:
    """Post the card that carries `data`, and press that button."""
    address = Address("telegram", "1001")
    card: Card = samples.REASONING if data.startswith("p.") else samples.VERDICT
    card = SUMMARY if data.startswith("r.") else card
    ref = await service.door.send(address, card)
    shown = next(shown for shown in server.messages(server.chats[1001]) if str(shown.id) == ref.message)
    return server.press(shown, data, ALICE)


async def test_opening_a_reasoning_replies_to_the_verdict(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    desk.opens = samples.REASONING
    service = make()
    async with running(service):
        query = await press(server, service, "w.k3v9x2ma.1")
        card, page = await server.until(
            lambda: len(found := server.messages(server.chats[1001])) == 2 and found
        )
    assert (page.reply_to, card.edits) == (card.id, 0)
    assert [(answer.query, answer.text) for answer in server.answers] == [(query, "")]
    assert desk.presses[0].data == "w.k3v9x2ma.1"


async def test_the_button_of_a_summary_replies_with_the_verdict(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    desk.opens = samples.VERDICT
    service = make()
    async with running(service):
        await press(server, service, "r.5h8n3p2r")
        summary, verdict = await server.until(
            lambda: len(found := server.messages(server.chats[1001])) == 2 and found
        )
    assert (verdict.reply_to, summary.edits) == (summary.id, 0)
    assert "Agreement" in verdict.text


async def test_turning_a_page_edits_it_in_place(server: TelegramServer, desk: DeskDouble, make: Make) -> None:
    desk.opens = samples.REASONING.model_copy(update={"body": "the next page"})
    service = make()
    async with running(service):
        await press(server, service, "p.k3v9x2ma.1.5.2")
        await server.until(lambda: server.messages(server.chats[1001])[0].edits == 1, "the edit")
    (page,) = server.messages(server.chats[1001])
    assert "the next page" in page.text


async def test_turning_a_page_that_was_deleted_posts_it_afresh(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    desk.opens = samples.REASONING
    service = make()
    async with running(service):
        await press(server, service, "p.k3v9x2ma.1.5.2")
        server.forget(server.messages(server.chats[1001])[0])
        await server.until(lambda: server.messages(server.chats[1001]), "a fresh page")
    assert len(server.answers) == 1


@pytest.mark.parametrize(
    ("opens", "text", "alert"),
    [
        (Notice(text="This button is too old."), "This button is too old.", False),
        (Notice(text="x" * 200, tone="error"), "x" * 200, True),
        (None, "", False),
        (RuntimeError("a bug"), "Something went wrong here; the log says what.", True),
    ],
    ids=["notice", "error", "nothing", "bug"],
)
async def test_a_press_is_always_answered(
    server: TelegramServer,
    desk: DeskDouble,
    make: Make,
    opens: Card | Exception | None,
    text: str,
    *,
    alert: bool,
) -> None:
    desk.opens = opens
    service = make()
    async with running(service):
        query = await press(server, service, "w.k3v9x2ma.1")
        await server.until(lambda: server.answers, "the answer")
    (answer,) = server.answers
    assert (answer.query, answer.text, answer.alert) == (query, text, alert)
    assert len(server.messages(server.chats[1001])) == 1


async def test_a_notice_that_a_toast_cannot_hold_is_posted_as_well(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    text = "This stage was not run. " * 12
    desk.opens = Notice(text=text, tone="warning")
    service = make()
    async with running(service):
        await press(server, service, "p.k3v9x2ma.1.5.2")
        page, notice = await server.until(
            lambda: len(found := server.messages(server.chats[1001])) == 2 and found, "the whole notice"
        )
    assert server.answers[0].text.endswith("…")
    assert notice.text == f"⚠️ {text}".strip()
    assert (notice.reply_to, page.edits) == (page.id, 0)


async def test_a_notice_whose_press_is_too_old_to_be_answered_is_posted(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    desk.opens = Notice(text="This button is too old.")
    service = make()
    async with running(service):
        server.queries.discard(await press(server, service, "w.k3v9x2ma.1"))
        await server.until(lambda: len(server.messages(server.chats[1001])) == 2, "the notice")
    assert server.messages(server.chats[1001])[1].text == "This button is too old."


async def test_a_slow_press_is_answered_before_it_is_done(
    server: TelegramServer,
    desk: DeskDouble,
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.telegram_presses.ANSWER_WITHIN_S", 0.05)
    release = asyncio.Event()

    async def before(_: Request | Press) -> None:
        await release.wait()

    desk.before, desk.opens = before, Notice(text="late, but told")
    service = make()
    async with running(service):
        await press(server, service, "w.k3v9x2ma.1")
        await server.until(lambda: server.answers, "the answer")
        release.set()
        await server.until(lambda: len(server.messages(server.chats[1001])) == 2, "the notice as a message")
    assert [answer.text for answer in server.answers] == [""]


async def test_a_press_without_a_message_is_answered_all_the_same(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    async with running(make()):
        server.put("callback_query", {"from": ALICE.json(), "chat_instance": "1", "data": "w.r.1"})
        await server.until(lambda: server.answers, "the answer")
    assert desk.presses == []


@pytest.mark.parametrize("body", [b"junk", b"{}"])
async def test_a_press_that_cannot_be_answered_still_opens_its_card(
    server: TelegramServer, desk: DeskDouble, make: Make, body: bytes
) -> None:
    desk.opens = samples.REASONING
    service = make()
    async with running(service):
        server.fail("answerCallbackQuery", 200, body)
        await press(server, service, "w.k3v9x2ma.1")
        await server.until(lambda: len(server.messages(server.chats[1001])) == 2, "the page")


async def test_what_a_button_opens_waits_for_a_flood_to_end(
    server: TelegramServer, desk: DeskDouble, make: Make, clock: ManualClock
) -> None:
    desk.opens = samples.REASONING
    service = make()
    async with running(service):
        server.chats[1001].refusal = None
        await press(server, service, "w.k3v9x2ma.1")
        refusal = Refusal(
            "Too Many Requests: retry after 7", code=429, parameters={"retry_after": 7}, fault=False
        )
        server.chats[1001].refusal = refusal
        await server.until(lambda: 7.0 in clock.slept, "the pause")
        server.chats[1001].refusal = None
        await server.until(lambda: len(server.messages(server.chats[1001])) == 2 or len(clock.slept) >= 3)


async def test_a_press_that_is_too_old_to_be_answered_still_opens_its_card(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    desk.opens = samples.REASONING
    service = make()
    async with running(service):
        server.queries.discard(await press(server, service, "w.k3v9x2ma.1"))
        await server.until(lambda: len(server.messages(server.chats[1001])) == 2, "the page")


BUSY = "Busy, try again in a moment."


def gate(desk: DeskDouble) -> asyncio.Event:
    """Hold up what buttons open until the event is set."""
    release = asyncio.Event()

    async def before(asked: Request | Press) -> None:
        if isinstance(asked, Press):
            await release.wait()

    desk.before, desk.opens = before, samples.REASONING
    return release


async def test_who_presses_and_presses_is_told_to_wait_and_the_others_are_served(
    server: TelegramServer, desk: DeskDouble, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram_presses.ANSWER_WITHIN_S", 0.05)
    group, release, service = server.group(-100200), gate(desk), make()
    async with running(service):
        await service.door.send(Address("telegram", "-100200"), samples.VERDICT)
        (card,) = server.messages(group)
        for user in [ALICE] * 10 + [BOB]:
            server.press(card, "w.k3v9x2ma.1", user)
        await server.until(lambda: len(server.answers) == 11, "an answer for each")
        assert [answer.text for answer in server.answers].count(BUSY) == 7
        assert [asked.person.name for asked in desk.presses] == ["Alice"] * 3 + ["Bob"]
        release.set()
        await server.until(lambda: len(server.messages(group)) == 5, "what was opened")
        server.press(card, "w.k3v9x2ma.1", ALICE)
        await server.until(lambda: len(server.messages(group)) == 6, "one more, now that there is room")


async def test_buttons_of_many_people_hold_up_nobodys_command(
    server: TelegramServer, desk: DeskDouble, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram_presses.MAX_PRESSES", 1)
    release, service = gate(desk), make()
    async with running(service):
        await press(server, service, "w.k3v9x2ma.1")
        await server.until(lambda: desk.presses, "the first press")
        query = await press(server, service, "w.k3v9x2ma.1")
        server.say(server.private(BOB), BOB, "/help")
        await server.until(lambda: server.messages(server.private(BOB)), "Bob's answer")
        await server.until(lambda: server.answers, "the toast")
        assert [(answer.query, answer.text) for answer in server.answers] == [(query, BUSY)]
        release.set()


async def test_those_turned_away_have_a_bound_of_their_own(
    server: TelegramServer, desk: DeskDouble, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram_presses.MAX_PRESSES", 0)
    monkeypatch.setattr("bot.telegram_presses.MAX_TURNED_AWAY", 0)
    service = make()
    async with running(service):
        await press(server, service, "w.k3v9x2ma.1")
        server.say(server.private(BOB), BOB, "/help")
        await server.until(lambda: server.messages(server.private(BOB)), "Bob's answer")
    assert (server.answers, desk.presses) == ([], [])


async def test_a_flooded_group_shows_all_that_was_taken_and_is_not_hammered(
    server: TelegramServer, desk: DeskDouble, make: Make, clock: ManualClock
) -> None:
    server.flood = Flood(clock)
    group, service = server.group(-100200), make()
    desk.opens = samples.REASONING
    async with running(service):
        await service.door.send(Address("telegram", "-100200"), samples.VERDICT)
        (card,) = server.messages(group)
        for number in range(150):
            server.press(card, "w.k3v9x2ma.1", User(5000 + number % 10, "Somebody"))
        await server.until(lambda: len(server.answers) == 150, "an answer for each")
        opened = 150 - [answer.text for answer in server.answers].count(BUSY)
        await server.until(lambda: len(server.messages(group)) == 1 + opened, "all that was opened")
    # Each waits at most once, and alone.
    assert opened >= 12
    assert len(server.flood.refused) <= opened
