"""Inline mode, links, missing words and near misses, on both platforms over real sockets and one database."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from core.app.app import App
from tests import arena
from tests.loopback.model_server import ModelServer
from tests.loopback.slack_scene import shown
from tests.loopback.slack_server import SlackServer
from tests.loopback.slack_state import Message
from tests.loopback.telegram_inline import Article, Offers, inquire, insert
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import Chat, Shown, User
from tests.service import served

ALICE, BOB, MALLORY = User(1001, "Alice"), User(1002, "Bob"), User(6666, "Mallory")
GROUP, CHANNEL = -1001234567890, "C0TRADING"
PATIENCE_S = 20.0
pytestmark = pytest.mark.timeout(90)


class World(NamedTuple):
    telegram: TelegramServer
    slack: SlackServer
    app: App
    run_id: str

    async def answer(self, user: User, text: str, offset: str = "") -> Offers:
        """What Telegram shows to whoever writes the bot's name and `text` anywhere."""
        query = inquire(self.telegram, user, text, offset)
        await self.telegram.until(lambda: query in self.telegram.offers, f"offers for {text!r}", PATIENCE_S)
        return self.telegram.offers[query]

    async def said(self, chat: Chat, words: str) -> Shown:
        def found() -> Shown | None:
            return next((one for one in reversed(self.telegram.messages(chat)) if words in one.text), None)

        await self.telegram.until(found, repr(words), PATIENCE_S)
        message = found()
        assert message is not None
        return message

    async def told(self, words: str) -> None:
        answers = self.telegram.answers
        await self.telegram.until(lambda: any(words in one.text for one in answers), f"the toast {words!r}")


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with TelegramServer() as telegram, SlackServer() as slack, ModelServer() as models:
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", telegram.token)
        monkeypatch.setenv("SLACK_BOT_TOKEN", slack.bot_token)
        monkeypatch.setenv("SLACK_APP_TOKEN", slack.app_token)
        for name in arena.FIVE:
            models.opine(f"{name}/{name}-1", arena.opinion(name))
        app = await arena.opened(
            models.base_url,
            tmp_path,
            arena={"watchlist": ["MSFT"]},
            telegram={"base_url": telegram.base_url},
            slack={"base_url": slack.base_url},
            access={
                "admins": [f"telegram:{ALICE.id}", "slack:U0ALICE"],
                "people": [{"id": f"telegram:{BOB.id}", "role": "viewer"}],
                "chats": [{"id": f"telegram:{GROUP}", "role": "viewer"}],
            },
        )
        for user in (ALICE, BOB, MALLORY):
            telegram.private(user)
        telegram.group(GROUP)
        async with served(app):
            record = await arena.finished(app, arena.request("AAPL"))
            yield World(telegram, slack, app, record.run_id)
        assert telegram.violations == []
        assert slack.violations == []


def titles(found: Offers) -> list[str]:
    return [article.title for article in found.articles]


async def headline(world: World) -> str:
    verdict = (await world.app.record("AAPL")).verdict
    assert verdict is not None
    assert verdict.decision is not None
    return f"AAPL · {verdict.decision}"


def payload(article: Article) -> str:
    (link,) = article.links
    address, _, start = link.partition("?start=")
    assert address == "https://t.me/ConclaveBot"
    return start


async def test_a_ticker_offers_its_verdict_the_leaderboard_and_each_models_reasoning(world: World) -> None:
    verdict = await headline(world)
    found = await world.answer(BOB, "aapl")
    assert (found.personal, found.cache_s) == (True, 10)
    assert titles(found)[:2] == [verdict, "Leaderboard on sample prices"]
    assert [title.partition(" · ")[0] for title in titles(found)[2:]] == list(arena.FIVE)
    assert "SELL 90 %" in titles(found)[-1]
    assert "AAPL" in found.articles[0].message.text
    assert "Agreement" in found.articles[0].description
    assert not any(article.preview for article in found.articles)


async def test_a_model_and_a_stage_narrow_it_down(world: World) -> None:
    of_claude = await world.answer(BOB, "AAPL claude")
    assert titles(of_claude)[0].startswith("claude · BUY 80 %")
    assert "claude · Bear" in titles(of_claude)
    rest = await world.answer(BOB, "AAPL claude", of_claude.next_offset)
    assert len(of_claude.articles) + len(rest.articles) == 1 + 12
    assert rest.next_offset == ""
    (bear,) = (await world.answer(BOB, "AAPL claude bear")).articles
    assert bear.title == "claude · Bear"
    assert "claude on AAPL" in bear.message.text


async def test_no_words_offer_the_leaderboard_and_the_latest_verdicts(world: World) -> None:
    verdict = await headline(world)
    assert titles(await world.answer(BOB, "")) == ["Leaderboard on sample prices", verdict]
    assert titles(await world.answer(BOB, "leaderboard")) == ["Leaderboard on sample prices"]
    assert titles(await world.answer(BOB, world.run_id))[0] == verdict


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("AAPLL", "There is no finished run of AAPLL yet. Did you mean AAPL?"),
        ("TSLA", "There is no finished run of TSLA yet."),
        ("AAPL cluade", "No model is called “cluade”. Did you mean claude?"),
        ("AAPL claude lunch", "“lunch” is not a stage."),
        ("AAPL bear", "Whose bear stage?"),
        ("<b>@everyone https://evil.example", "is not a ticker"),
        ("x" * 256, "is not a ticker"),
    ],
)
async def test_nothing_found_is_one_result_that_helps(world: World, text: str, sentence: str) -> None:
    (only,) = (await world.answer(BOB, text)).articles
    assert only.title == "Nothing found"
    assert sentence in only.description.replace("\u2060", "")
    assert only.links == []
    assert only.message.of("url", "mention") == []


async def test_a_stranger_is_offered_nothing_and_told_in_private_how_to_be_let_in(world: World) -> None:
    found = await world.answer(MALLORY, "AAPL")
    assert found.articles == []
    assert found.button is not None
    chat = world.telegram.private(MALLORY)
    world.telegram.follow_link(chat, MALLORY, found.button["start_parameter"])
    greeting = await world.said(chat, "This committee is private")
    assert "telegram:6666" in greeting.text


async def test_a_role_in_a_group_alone_opens_nothing_elsewhere(world: World) -> None:
    """Where somebody writes is not known, so only a role of their own counts."""
    assert (await world.answer(MALLORY, "")).articles == []


async def test_the_link_below_an_inserted_page_opens_it_in_the_private_chat(
    world: World,
) -> None:
    (bear,) = (await world.answer(BOB, "AAPL claude bear")).articles
    inserted = insert(world.telegram, world.telegram.group(GROUP), BOB, bear)
    assert inserted.silent_preview
    chat = world.telegram.private(BOB)
    world.telegram.follow_link(chat, BOB, payload(bear))
    page = await world.said(chat, "claude on AAPL")
    assert "Bear" in page.text
    world.telegram.press(page, page.button("Next"), BOB)
    await world.telegram.until(lambda: "Research" in page.text or page.edits, "the next page")
    assert len(world.telegram.messages(chat)) == 1


async def test_links_open_the_verdict_and_the_leaderboard(world: World) -> None:
    verdict, board = (await world.answer(BOB, "AAPL")).articles[:2]
    chat = world.telegram.private(BOB)
    world.telegram.follow_link(chat, BOB, payload(verdict))
    assert await headline(world) in (await world.said(chat, "AAPL")).text
    world.telegram.follow_link(chat, BOB, payload(board))
    await world.said(chat, "Leaderboard")


@pytest.mark.parametrize(
    "start", ["x", "why-../../etc-1", "why-00000000-1-lunch", "run-", "x" * 4000, "run-a b", "\u202e"]
)
async def test_a_payload_that_opens_nothing_shows_the_first_screen(world: World, start: str) -> None:
    chat = world.telegram.private(BOB)
    world.telegram.say(chat, BOB, f"/start {start}")
    screen = await world.said(chat, "Conclave")
    assert "Paper trading, not advice" in screen.text
    assert screen.labels == ["Open reasoning", "See the leaderboard", "All commands"]


async def test_a_link_to_a_run_that_is_gone_says_so(world: World) -> None:
    chat = world.telegram.private(BOB)
    world.telegram.say(chat, BOB, "/start why-00000000-1")
    await world.said(chat, "This run is too old to open.")


async def test_the_buttons_of_the_first_screen_run_their_commands_beside_it(world: World) -> None:
    chat = world.telegram.private(ALICE)
    world.telegram.say(chat, ALICE, "/start")
    screen = await world.said(chat, "one investment committee")
    world.telegram.press(screen, screen.button("leaderboard"), ALICE)
    board = await world.said(chat, "Everyone started with")
    assert board.id != screen.id
    world.telegram.press(screen, screen.button("Ask the committee"), ALICE)
    asked = await world.said(chat, "Which ticker?")
    assert asked.labels == ["MSFT", "AAPL", "Cancel"]


async def test_run_without_a_ticker_goes_on_by_a_button_to_a_verdict(world: World) -> None:
    chat = world.telegram.group(GROUP)
    world.telegram.say(chat, ALICE, "/run quick")
    asked = await world.said(chat, "Which ticker? Write for instance /run NVDA.")
    world.telegram.press(asked, asked.button("MSFT"), BOB)
    await world.told("/run needs the role runner; you are viewer here.")
    world.telegram.press(asked, asked.button("MSFT"), ALICE)
    await world.telegram.until(
        lambda: "/run MSFT quick" in asked.text.replace("\u2060", ""), "the echo", PATIENCE_S
    )
    verdict = await world.said(chat, "quick · as of")
    await world.telegram.until(lambda: "Agreement" in verdict.text, "the verdict", PATIENCE_S)
    record = await world.app.record("MSFT")
    assert (record.requested_by, record.requested_in) == (f"telegram:{ALICE.id}", f"telegram:{GROUP}")


async def test_of_several_presses_below_one_question_only_the_first_asks_the_committee(world: World) -> None:
    chat = world.telegram.group(GROUP)
    world.telegram.say(chat, ALICE, "/run quick")
    asked = await world.said(chat, "Which ticker?")
    choice = asked.button("MSFT")
    for _ in range(2):
        world.telegram.press(asked, choice, ALICE)
    world.telegram.press(asked, asked.button("AAPL"), ALICE)
    await world.told("This question is answered already.")
    await world.telegram.until(lambda: "Agreement" in world.telegram.messages(chat)[-1].text, "", PATIENCE_S)
    answers = [one for one in world.telegram.answers if "answered already" in one.text]
    assert len(answers) == 2
    assert len(world.telegram.messages(chat)) == 2
    assert (await world.app.past_runs(None, 1)).total == 2


async def test_cancel_takes_the_question_away(world: World) -> None:
    chat = world.telegram.private(ALICE)
    world.telegram.say(chat, ALICE, "/why")
    asked = await world.said(chat, "Which run?")
    assert asked.labels == ["AAPL", "Cancel"]
    world.telegram.press(asked, asked.button("Cancel"), ALICE)
    await world.telegram.until(lambda: "Cancelled" in asked.text, "the end")
    assert asked.labels == []


async def test_why_goes_on_in_the_place_of_the_question(world: World) -> None:
    chat = world.telegram.private(BOB)
    world.telegram.say(chat, BOB, "/why")
    asked = await world.said(chat, "Which run?")
    world.telegram.press(asked, asked.button("AAPL"), BOB)
    await world.telegram.until(lambda: "Agreement" in asked.text, "the verdict in its place", PATIENCE_S)


async def test_compare_is_asked_for_one_model_after_the_other_in_one_message(world: World) -> None:
    chat = world.telegram.private(BOB)
    world.telegram.say(chat, BOB, "/compare")
    asked = await world.said(chat, "Which two models?")
    world.telegram.press(asked, asked.button("claude"), BOB)
    await world.telegram.until(lambda: "With which other model?" in asked.text, "the second question")
    assert "claude" not in asked.labels
    world.telegram.press(asked, asked.button("qwen"), BOB)
    await world.telegram.until(lambda: "claude and qwen" in asked.text, "both", PATIENCE_S)


async def test_a_ticker_that_nobody_knows_is_offered_better_and_the_button_runs_it(world: World) -> None:
    chat = world.telegram.private(ALICE)
    world.telegram.say(chat, ALICE, "/run MSFTT quick")
    told = await world.said(chat, "I don't know the ticker MSFTT. Did you mean MSFT?")
    world.telegram.press(told, told.button("MSFT"), ALICE)
    await world.said(chat, "quick · as of")
    await world.telegram.until(
        lambda: any("Agreement" in m.text for m in world.telegram.messages(chat)), "", 20
    )
    assert (await world.app.record("MSFT")).preset == "quick"


@pytest.mark.parametrize(
    ("text", "question", "label", "opens"),
    [
        ("/why AAPL cluade bear", "Did you mean claude?", "claude", "claude on AAPL"),
        ("/why APPL", "Did you mean AAPL?", "AAPL", "Agreement"),
        ("/portfolio gemni", "Did you mean gemini?", "gemini", "Portfolio of gemini"),
        ("/models depseek", "Did you mean deepseek?", "deepseek", "How far to trust deepseek"),
        ("/models e", "Several models match", "qwen", "How far to trust qwen"),
        ("/help leaderbord", "Did you mean /leaderboard?", "/leaderboard", "Value, profit or loss"),
    ],
)
async def test_a_near_miss_of_a_name_is_one_press_away(
    world: World, text: str, question: str, label: str, opens: str
) -> None:
    chat = world.telegram.private(BOB)
    world.telegram.say(chat, BOB, text)
    told = await world.said(chat, question)
    world.telegram.press(told, told.button(label), BOB)
    await world.telegram.until(lambda: opens in told.text.replace("\u2060", ""), opens, PATIENCE_S)


async def test_help_in_a_group_has_its_commands_under_titles(world: World) -> None:
    chat = world.telegram.group(GROUP)
    world.telegram.say(chat, ALICE, "/help")
    card = await world.said(chat, "Commands")
    for title in ("The committee", "How they stand", "This chat", "This service"):
        assert title in card.of("bold")
    assert card.text.index("The committee") < card.text.index("/why") < card.text.index("How they stand")


def action(message: Message, label: str) -> str:
    for block in message.blocks:
        for element in block["elements"] if block["type"] == "actions" else ():
            if element["text"]["text"] == label:
                return str(element["action_id"])
    raise AssertionError(f"no button {label!r} in {message.blocks}")


async def whispered(world: World, words: str) -> Message:
    def found() -> Message | None:
        return next((m for m in world.slack.ephemerals("U0ALICE") if words in shown(m.blocks)), None)

    message = await world.slack.until(found, PATIENCE_S)
    assert isinstance(message, Message)
    return message


async def test_on_slack_the_question_is_for_the_one_who_asked_and_its_button_runs(world: World) -> None:
    await world.slack.slash("/run", "quick", "U0ALICE", CHANNEL)
    asked = await whispered(world, "Which ticker?")
    await world.slack.click(asked, action(asked, "MSFT"), "U0ALICE")

    def decided() -> bool:
        return any(
            "quick" in shown(m.blocks) and "Agreement" in shown(m.blocks)
            for m in world.slack.messages(CHANNEL)
        )

    await world.slack.until(decided, PATIENCE_S)
    assert (await world.app.record("MSFT")).requested_by == "slack:U0ALICE"


async def test_on_slack_a_near_miss_is_one_press_away(world: World) -> None:
    await world.slack.slash("/portfolio", "gemni", "U0ALICE", CHANNEL)
    told = await whispered(world, "Did you mean gemini?")
    await world.slack.click(told, action(told, "gemini"), "U0ALICE")
    await whispered(world, "Portfolio of gemini")
