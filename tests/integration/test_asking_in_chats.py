"""`/ask` at the desk and in the terminal, `conclave ask` and `conclave tests`, over a real model server."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bot.answer_card import AnswerCard
from bot.cards import DialogueCard, Notice, ReasoningCard, VerdictCard
from bot.desk import Desk
from bot.terminal import Chat
from core.app.app import App
from core.domain.asking import AskRequest
from core.routing import custom
from tests.arena import Opening
from tests.door_double import ALICE, DoorDouble, press, request
from tests.loopback.model_replies import server_error
from tests.loopback.model_server import ModelServer
from tests.program import CONFIG, conclave

pytest_plugins = ["tests.storage", "tests.arena_fixtures"]

ACCESS = {
    "admins": ["telegram:1001"],
    "people": [{"id": "telegram:1002", "role": "viewer"}],
}
TWO: dict[str, Any] = {
    "members": [
        {"name": "claude", "route": ["loopback:claude/claude-1"], "tier": "premium"},
        {"name": "gpt5", "route": ["loopback:gpt5/gpt5-1"], "tier": "advanced"},
    ],
    "pipeline": {"preset": "quick"},
    "access": ACCESS,
}


async def said(app: App, *typed: str) -> str:
    async def lines() -> AsyncIterator[str]:
        for line in typed:
            yield line + "\n"

    file = io.StringIO()
    await Chat(app, Console(file=file, width=100, highlight=False)).talk(lines())
    return file.getvalue()


async def test_a_question_is_answered_with_a_card_whose_buttons_open_the_reasoning_and_run_the_committee(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    app = await opening(models.base_url, tmp_path, **TWO)
    desk, door = Desk(app), DoorDouble()
    await desk.handle(request("ask aapl analysis"), door)
    card = door.last.now
    assert isinstance(card, AnswerCard)
    assert (card.ticker, card.headline, card.model) == ("AAPL", "BUY", "gpt5 · loopback:gpt5/gpt5-1")
    assert card.why == "The task is analysis, so gpt5 answers as the balanced model."
    assert card.body == "gpt5 has looked at the figures."
    assert {"Confidence", "Cost", "Time", "Evidence"} <= {label for label, _ in card.facts}
    reasoning, committee = card.buttons
    opened = await desk.press(press(reasoning.data, delivery="p1"), door)
    assert isinstance(opened, ReasoningCard)
    assert opened.title == "gpt5 on AAPL"
    assert opened.body.startswith("BUY (Overweight), confidence 70%. gpt5 has looked at the figures.")
    assert await desk.press(press(committee.data, delivery="p2"), door) is None
    await asyncio.gather(*desk._going_on)
    assert isinstance(door.last.now, VerdictCard)
    await desk.close()


async def test_a_viewer_may_not_ask_but_may_read_what_was_asked(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    from tests.desk_scene import BOB

    app = await opening(models.base_url, tmp_path, **TWO)
    desk, door = Desk(app), DoorDouble()
    await desk.handle(request("ask aapl", BOB), door)
    refusal = door.last.now
    assert isinstance(refusal, Notice)
    assert "runner" in refusal.text
    assert models.requests == []
    asked = await app.ask(AskRequest(ticker="AAPL"))
    opened = await desk.press(press(f"q.{asked.id}", BOB), door)
    assert isinstance(opened, ReasoningCard)


@pytest.mark.parametrize(
    ("text", "said_", "button"),
    [
        ("ask aapl cluade", "No model is called “cluade”. Did you mean claude?", "m.ask aapl claude"),
        ("ask", "Which ticker? Write for instance /ask NVDA.", None),
        ("ask aapl --stak 3", "I don't know the option “--stak”. Did you mean --stake?", None),
    ],
)
async def test_what_is_missing_or_misspelt_is_asked_back(
    models: ModelServer, opening: Opening, tmp_path: Path, text: str, said_: str, button: str | None
) -> None:
    app = await opening(models.base_url, tmp_path, **TWO)
    desk, door = Desk(app), DoorDouble()
    await desk.handle(request(text), door)
    notice = door.last.now
    assert isinstance(notice, Notice)
    assert notice.text == said_
    assert button is None or button in [one.data for one in notice.buttons]
    assert models.requests == []


async def test_a_button_that_asks_is_answered_at_once_and_the_card_follows(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    app = await opening(models.base_url, tmp_path, **TWO)
    desk, door = Desk(app), DoorDouble()
    begun = await desk.press(press("m.ask AAPL claude", ALICE), door)
    assert isinstance(begun, DialogueCard)
    await asyncio.gather(*desk._going_on)
    assert isinstance(door.last.now, AnswerCard)
    await desk.close()


async def test_the_terminal_answers_with_the_same_card(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    app = await opening(models.base_url, tmp_path, **TWO)
    printed = await said(app, "ask AAPL claude --stake 12000", "1")
    assert "claude was asked for." in printed
    assert "Run the whole committee" in printed
    assert "page 1 of 1" in printed


async def test_a_router_of_ones_own_chooses_and_its_nonsense_is_left_to_the_rules(
    models: ModelServer,
    opening: Opening,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    said_ = iter(["premium", "nobody"])
    monkeypatch.setattr(custom.CustomRouter.__init__, "__defaults__", (lambda name: lambda *_: next(said_),))
    app = await opening(models.base_url, tmp_path, **TWO, routing={"router": "mine"})
    request_ = AskRequest.model_validate({"ticker": "AAPL", "task": "analysis"})
    first = await app.ask(request_)
    assert (first.routed.rule, first.routed.member) == ("router", "claude")
    with caplog.at_level(logging.WARNING):
        second = await app.ask(request_)
    assert (second.routed.rule, second.routed.member) == ("analysis_task", "gpt5")
    assert "the router mine named nobody who may be asked; the rules choose" in caplog.text


def configured(folder: Path, base_url: str) -> None:
    (folder / "config.toml").write_text(
        CONFIG.format(folder=folder)
        + f"""
[pipeline]
max_retries = 0
[[providers]]
name = "loopback"
base_url = "{base_url}"
local = true
[[members]]
name = "claude"
route = ["loopback:claude/claude-1"]
[[routing.tests]]
name = "deeper"
kind = "preset"
a = "quick"
b = "standard"
share = "0"
"""
    )


async def test_the_program_prints_one_document_and_how_tests_stand(
    models: ModelServer, tmp_path: Path
) -> None:
    configured(tmp_path, models.base_url)
    done = await asyncio.to_thread(conclave, tmp_path, "ask", "aapl", "--task", "simple", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["ticker"], told["decision"], told["model"]) == ("AAPL", "BUY", "claude")
    assert told["routed"]["rule"] == "simple_task"
    assert told["confidence"] == 0.8
    tests = json.loads((await asyncio.to_thread(conclave, tmp_path, "tests", "--json")).stdout)
    assert [arm["asked"] for arm in tests[0]["arms"]] == [1, 0]


async def test_the_program_ends_with_1_where_it_has_no_answer(models: ModelServer, tmp_path: Path) -> None:
    configured(tmp_path, models.base_url)
    wrong = await asyncio.to_thread(conclave, tmp_path, "ask", "aapl", "--model", "gpt")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr == "No model is called “gpt”. Choose one of: claude.\n"
    models.always("claude/claude-1", server_error())
    none = await asyncio.to_thread(conclave, tmp_path, "ask", "aapl")
    assert none.returncode == 1
    assert "No answer" in none.stdout
