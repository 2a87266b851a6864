"""Pictures as people meet them, from `conclave serve` whole: asked for, turned over, refreshed in place."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from core.app.app import App
from core.domain.subscription import ChatTerms
from tests import arena
from tests.loopback.model_server import ModelServer
from tests.loopback.slack_scene import shown
from tests.loopback.slack_server import SlackServer
from tests.loopback.slack_state import Message
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import Chat, Shown, User
from tests.service import actions, served

ALICE = User(1001, "Alice")
CHANNEL = "C0TRADING"
STAMP = re.compile(r"Updated \d\d:\d\d:\d\d \(New York\)")
pytestmark = pytest.mark.timeout(90)


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        yield server
        assert server.violations == []


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server
        assert server.violations == []


@pytest.fixture
async def app(
    telegram: TelegramServer, slack: SlackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[App]:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", telegram.token)
    monkeypatch.setenv("SLACK_BOT_TOKEN", slack.bot_token)
    monkeypatch.setenv("SLACK_APP_TOKEN", slack.app_token)
    async with ModelServer() as models:
        for name in arena.FIVE:
            models.opine(f"{name}/{name}-1", arena.opinion(name))
        async with _serving(models, telegram, slack, tmp_path) as opened:
            yield opened


@asynccontextmanager
async def _serving(
    models: ModelServer, telegram: TelegramServer, slack: SlackServer, folder: Path
) -> AsyncIterator[App]:
    app = await arena.opened(
        models.base_url,
        folder,
        telegram={"base_url": telegram.base_url},
        slack={"base_url": slack.base_url},
        access={"admins": [f"telegram:{ALICE.id}", "slack:U0ALICE"]},
    )
    async with served(app):
        # Its fill is at the open of the next session, so that there are books, and something to draw.
        await arena.finished(app, arena.request("AAPL", as_of="2012-06-01T21:00:00+00:00", preset="quick"))
        yield app


def opened(png: bytes) -> Image.Image:
    picture = Image.open(BytesIO(png))
    picture.load()
    return picture


async def newest(server: TelegramServer, chat: Chat, words: str) -> Shown:
    """Wait for the newest message of the bot to hold these words."""

    def found() -> Shown | None:
        messages = server.messages(chat)
        return messages[-1] if messages and words in messages[-1].text else None

    message = await server.until(found, words, timeout_s=20)
    assert isinstance(message, Shown)
    return message


async def refreshed(server: TelegramServer, message: Shown) -> None:
    """Press Refresh until the second has changed: within the same one there is nothing to change."""
    first = STAMP.findall(message.text)
    while STAMP.findall(message.text) == first:
        answers, calls = len(server.answers), len(server.calls)
        server.press(message, message.button("Refresh"), ALICE)

        def edited(answers: int = answers, calls: int = calls) -> bool:
            made = [call.method for call in server.calls[calls:]]
            return len(server.answers) > answers and any(method.startswith("edit") for method in made)

        await server.until(edited, "an answer and an edit", timeout_s=20)
    assert len(STAMP.findall(message.text)) == 1


def picture_of(server: SlackServer, message: Message) -> bytes:
    (block,) = [block for block in message.blocks if block["type"] == "image"]
    return server.uploads[block["slack_file"]["id"]]


async def test_the_leaderboard_on_telegram_is_a_picture_that_turns_over_and_refreshes_in_place(
    telegram: TelegramServer, app: App
) -> None:
    chat = telegram.private(ALICE)
    telegram.say(chat, ALICE, "/leaderboard")
    board = await newest(telegram, chat, "Leaderboard")
    assert board.file is not None
    assert opened(board.file[1]).format == "PNG"
    assert STAMP.search(board.text)
    for name in arena.FIVE:
        assert name in board.text
    assert "Sample prices" in board.text
    await refreshed(telegram, board)
    telegram.press(board, board.button("Curves"), ALICE)
    await telegram.until(lambda: "Equity curves" in board.text, "the curves", timeout_s=20)
    assert board.file[0] == "equity-curves.png"
    telegram.press(board, board.button("Table"), ALICE)
    await telegram.until(lambda: "Leaderboard" in board.text, "the table again", timeout_s=20)
    assert len(telegram.messages(chat)) == 1, "all in one message"
    telegram.press(board, board.button("Text"), ALICE)
    text = await newest(telegram, chat, "Everyone started with")
    await telegram.until(lambda: len(telegram.messages(chat)) == 2, "the text")
    text = telegram.messages(chat)[-1]
    assert text.file is None
    assert text.labels == ["Refresh", "Picture"]
    await refreshed(telegram, text)
    telegram.press(text, text.button("Picture"), ALICE)
    await telegram.until(lambda: len(telegram.messages(chat)) == 3, "a picture of its own", timeout_s=20)
    assert telegram.messages(chat)[-1].reply_to == text.id
    presses = [call for call in telegram.calls if call.method == "answerCallbackQuery"]
    assert {call.status for call in presses} == {200}, "every press is answered"


async def test_the_verdict_and_the_portfolio_lead_to_pictures_on_telegram(
    telegram: TelegramServer, app: App
) -> None:
    chat = telegram.private(ALICE)
    telegram.say(chat, ALICE, "/why AAPL")
    verdict = await newest(telegram, chat, "AAPL")
    assert verdict.labels == [*arena.FIVE, "Picture", "Evidence"]
    telegram.press(verdict, verdict.button("Picture"), ALICE)
    votes = await newest(telegram, chat, "of the weight")
    assert votes.file is not None
    assert votes.file[0] == "votes-AAPL.png"
    assert votes.reply_to == verdict.id
    assert "BUY: 3 votes" in votes.text
    telegram.say(chat, ALICE, "/portfolio claude")
    books = await newest(telegram, chat, "Portfolio of claude")
    telegram.press(books, books.button("Chart AAPL"), ALICE)
    chart = await newest(telegram, chat, "AAPL and claude")
    assert chart.file is not None
    assert "Sample prices" in chart.text
    assert "2012-06-04 bought" in chart.text
    assert "Holds" in chart.text
    # Nothing newer than the mark, where time stands still.
    assert "Last price" in chart.text
    assert "2013" not in re.sub(r"Sample prices[^\n]*", "", chart.text)


async def test_a_chat_without_pictures_gets_none_unless_somebody_presses_for_one(
    telegram: TelegramServer, app: App
) -> None:
    chat = telegram.private(ALICE)
    await app.subscriptions.set_terms("telegram", str(ALICE.id), ChatTerms(pictures=False, dark=True))
    telegram.say(chat, ALICE, "/leaderboard")
    board = await newest(telegram, chat, "Leaderboard")
    assert board.file is None
    telegram.press(board, board.button("Picture"), ALICE)
    picture = await telegram.until(
        lambda: next((m for m in telegram.messages(chat) if m.file), None), "the picture", timeout_s=20
    )
    assert opened(picture.file[1]).convert("RGB").getpixel((2, 2)) == (15, 20, 27), "dark, as the chat wants"


async def test_pictures_on_slack_are_edited_in_place_and_opened_in_the_thread(
    slack: SlackServer, app: App
) -> None:
    await slack.slash("/leaderboard", "", "U0ALICE", CHANNEL)
    (board,) = await slack.wait_messages(CHANNEL, within=20)
    table = picture_of(slack, board)
    assert opened(table).format == "PNG"
    assert board.blocks[0]["alt_text"].startswith("A table: Leaderboard")
    await slack.click(board, "conclave.picture.0", "U0ALICE")
    await slack.until(lambda: "Equity curves" in shown(board.blocks), 20)
    assert picture_of(slack, board) != table
    await slack.click(board, "conclave.picture.1", "U0ALICE")
    await slack.until(lambda: len(board.revisions) == 2, 20)
    assert STAMP.search(shown(board.blocks))
    await slack.click(board, "conclave.picture.2", "U0ALICE")
    _, text = await slack.wait_messages(CHANNEL, 2, within=20)
    assert text.thread_ts == board.ts
    assert actions(text) == ["conclave.show.0", "conclave.show.1"]
    await slack.click(text, "conclave.show.0", "U0ALICE")
    await slack.until(lambda: len(text.revisions) == 1, 20)
    assert STAMP.search(shown(text.blocks))


async def test_the_verdict_on_slack_leads_to_its_votes_in_the_thread(slack: SlackServer, app: App) -> None:
    await slack.slash("/why", "AAPL", "U0ALICE", CHANNEL)
    (verdict,) = await slack.wait_messages(CHANNEL, within=20)
    assert actions(verdict)[-2:] == ["conclave.more.0", "conclave.more.1"]
    assert len(actions(verdict)) == len(arena.FIVE) + 2
    await slack.click(verdict, "conclave.more.0", "U0ALICE")
    _, votes = await slack.wait_messages(CHANNEL, 2, within=20)
    assert votes.thread_ts == verdict.ts
    assert "of the weight" in shown(votes.blocks)
    assert opened(picture_of(slack, votes)).format == "PNG"


async def test_where_telegram_takes_rich_messages_the_ranking_in_words_is_a_table(
    telegram: TelegramServer, slack: SlackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    telegram.rich = True
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", telegram.token)
    monkeypatch.setenv("SLACK_BOT_TOKEN", slack.bot_token)
    monkeypatch.setenv("SLACK_APP_TOKEN", slack.app_token)
    async with ModelServer() as models:
        for name in arena.FIVE:
            models.opine(f"{name}/{name}-1", arena.opinion(name))
        async with _serving(models, telegram, slack, tmp_path) as app:
            chat = telegram.private(ALICE)
            await app.subscriptions.set_terms("telegram", str(ALICE.id), ChatTerms(pictures=False))
            telegram.say(chat, ALICE, "/leaderboard")
            board = await newest(telegram, chat, "Leaderboard")
            assert board.rich is not None
            assert "<table" in board.rich
            telegram.say(chat, ALICE, "/run GOOG quick")
            verdict = await newest(telegram, chat, "Paper trades")
            assert verdict.rich is not None
            assert "<summary>Dissent</summary>" in verdict.rich
            telegram.press(verdict, verdict.button("claude"), ALICE)
            page = await newest(telegram, chat, "claude on GOOG")
            assert page.rich is not None
            asked = [call for call in telegram.calls if call.method == "sendRichMessage"]
            assert [call.status for call in asked] == [400, 200, 200], (
                "one question at the start, then answers"
            )
