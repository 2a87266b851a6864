"""Inline mode through the real API client over real sockets, with a double in place of the desk."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest

from bot.cards import Card
from bot.deep_links import LinkToBoard, LinkToReasoning, LinkToVerdict
from bot.inline import Found, Offered
from bot.telegram_inline import ANSWER_WITHIN_S, MOST_AT_ONCE
from core.clock import ManualClock
from core.domain.stage import Stage
from tests import card_samples
from tests.loopback.telegram_inline import Offers, inquire, insert, press_inserted
from tests.loopback.telegram_scene import ALICE, BOB, DeskDouble, Make, running, service_for
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import User


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running:
        running.private(ALICE)
        yield running
        assert running.violations == []


@pytest.fixture
def desk() -> DeskDouble:
    return DeskDouble(offers=Found(()))


@pytest.fixture
def make(server: TelegramServer, desk: DeskDouble, monkeypatch: pytest.MonkeyPatch) -> Make:
    clock = ManualClock(datetime(2025, 10, 29, tzinfo=UTC))
    return lambda: service_for(server, desk, clock, monkeypatch)


def offered(*cards: Card) -> Found:
    links = (
        LinkToVerdict("k3v9x2ma"),
        LinkToReasoning("k3v9x2ma", 7, Stage.RISK_CONSERVATIVE),
        LinkToBoard(),
    )
    return Found(
        tuple(
            Offered(str(number), f"Title {number}", "line", card, links[number % 3], "More")
            for number, card in enumerate(cards)
        )
    )


def _seen(server: TelegramServer) -> list[tuple[str, int]]:
    return [(call.method, call.status) for call in server.calls]


async def answered(server: TelegramServer, user: User, text: str, offset: str = "") -> Offers:
    query = inquire(server, user, text, offset)
    await server.until(lambda: query in server.offers, f"an answer to {text!r}")
    return server.offers[query]


CARDS = tuple(card_samples.SAMPLES.values())


@pytest.mark.parametrize("cards", [CARDS[:40], CARDS[40:80], CARDS[80:]])
async def test_every_card_can_be_offered_and_carries_nothing_but_links(
    server: TelegramServer, desk: DeskDouble, make: Make, cards: Sequence[Card]
) -> None:
    desk.offers = offered(*cards)
    async with running(make()):
        found = await answered(server, ALICE, "NVDA")
    assert len(found.articles) == len(cards)
    for article in found.articles:
        (link,) = article.links
        assert link.startswith("https://t.me/ConclaveBot?start=")
        assert not article.preview
        assert article.message.of("mention", "url", "email") == []


async def test_an_answer_is_for_that_person_alone_and_soon_forgotten(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    desk.offers = offered(card_samples.VERDICT)
    async with running(make()):
        found = await answered(server, ALICE, "  NVDA\u202e   claude ")
    assert (found.personal, found.cache_s, found.next_offset, found.button) == (True, 10, "", None)
    assert desk.asked == [("telegram:1001", "NVDA claude", 0)]


async def test_more_results_come_by_the_offset_that_was_given(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    desk.offers = Found(offered(card_samples.VERDICT).offered, following=12)
    async with running(make()):
        assert (await answered(server, ALICE, "NVDA")).next_offset == "12"
        await answered(server, ALICE, "NVDA", "12")
        await answered(server, ALICE, "NVDA", "-1; DROP")
        await answered(server, ALICE, "NVDA", "9" * 30)
    assert [offset for _, _, offset in desk.asked] == [0, 12, 0, 0]


async def test_a_stranger_is_offered_nothing_but_the_way_to_ask(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    desk.offers = None
    async with running(make()):
        found = await answered(server, BOB, "NVDA")
    assert found.articles == []
    assert found.personal
    assert found.button == {"text": "A private committee: how to be let in", "start_parameter": "join"}


async def test_the_newest_question_of_a_person_ends_the_one_before(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    desk.thinking = asyncio.Event()
    async with running(make()):
        first = inquire(server, ALICE, "N")
        await server.until(lambda: len(desk.asked) == 1, "the first question")
        other = inquire(server, BOB, "IBM")
        second = inquire(server, ALICE, "NV")
        await server.until(lambda: len(desk.asked) == 3, "all questions")
        desk.thinking.set()
        await server.until(lambda: {other, second} <= set(server.offers), "the newest of each")
    assert first not in server.offers


async def test_a_question_that_takes_too_long_is_answered_with_a_sentence(
    server: TelegramServer, desk: DeskDouble, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ANSWER_WITHIN_S <= 5
    monkeypatch.setattr("bot.telegram_inline.ANSWER_WITHIN_S", 0.05)
    desk.thinking = asyncio.Event()
    async with running(make()):
        found = await answered(server, ALICE, "NVDA")
    assert found.articles[0].message.text.startswith("⚠️ This takes longer than usual.")


async def test_past_so_many_people_at_once_the_others_wait_for_their_next_letter(
    server: TelegramServer, desk: DeskDouble, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_AT_ONCE == 64
    monkeypatch.setattr("bot.telegram_inline.MOST_AT_ONCE", 1)
    desk.thinking = asyncio.Event()
    async with running(make()):
        inquire(server, ALICE, "NVDA")
        await server.until(lambda: desk.asked, "the first")
        turned_away = inquire(server, BOB, "NVDA")
        server.say(server.private(ALICE), ALICE, "/help")
        await server.until(lambda: desk.requests, "what came after")
        desk.thinking.set()
        letters: list[str] = []

        def asked_again() -> bool:
            letters.append(inquire(server, BOB, "NVDA"))
            return bool(set(letters) & set(server.offers))

        await server.until(asked_again, "an answer to one of the next letters")
    assert turned_away not in server.offers


async def test_a_question_that_is_too_old_stops_nothing(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    server.fail("answerInlineQuery", 400, "Bad Request: query is too old and response timeout expired")
    async with running(make()):
        inquire(server, ALICE, "N")
        await server.until(lambda: ("answerInlineQuery", 400) in _seen(server), "one try")
        await answered(server, ALICE, "NVDA")


async def test_what_was_put_into_a_chat_is_no_command_to_us(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    desk.offers = offered(card_samples.VERDICT)
    group = server.group(-100200)
    async with running(make()):
        article = (await answered(server, ALICE, "NVDA")).articles[0]
        shown = insert(server, group, ALICE, article)
        server.say(group, BOB, "/help")
        await server.until(lambda: desk.requests, "the command after it")
    assert [request.text for request in desk.requests] == ["help"]
    assert shown.silent_preview


async def test_a_button_below_a_message_elsewhere_says_where_it_works(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    async with running(make()):
        query = press_inserted(server, ALICE, "w.k3v9x2ma.1")
        await server.until(lambda: server.answers, "the toast")
    (given,) = server.answers
    assert given.query == query
    assert "private chat" in given.text
    assert desk.presses == []
