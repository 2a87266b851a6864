"""Hostile headlines, posts and names go through whole runs with models that obey whatever they read."""

import re
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.cards import ReasoningCard
from bot.facts import verdict_of
from bot.present.reasoning import pages, reasoning_card
from bot.slack_modals import modal
from bot.slack_render import PAGE_SIZE as SLACK_PAGE
from bot.slack_render import render as on_slack
from bot.telegram_render import PAGE_SIZE as TELEGRAM_PAGE
from bot.telegram_render import render as on_telegram
from bot.telegram_rich import rich
from core.app.app import App
from core.domain.ballot import AbstentionKind, Action
from core.domain.evidence_items import Gathered
from core.domain.run import RunRecord
from core.domain.stage import SPOKEN, Preset, Stage
from core.pipeline import committee
from core.pipeline.canary import canary_of
from core.pipeline.evidence import build_evidence
from core.pipeline.presets import steps
from core.pipeline.prompting import role
from tests import arena, injected
from tests.arena import Opening
from tests.loopback.model_replies import ModelRequest, filled
from tests.loopback.model_server import ModelServer
from tests.loopback.slack_rules import message_error, notified, view_error
from tests.loopback.telegram_rich_rules import check_rich
from tests.loopback.telegram_rules import check_text

pytest_plugins = ["tests.arena_fixtures"]
pytestmark = pytest.mark.timeout(120)  # whole runs, and every page of every reasoning drawn

UTC = ZoneInfo("UTC")
LIVE = ("mention", "bot_command", "url", "email", "text_link", "text_mention")
MARK = re.compile(r"\[\[(/?)([a-z_ 0-9]+) (\w{12})\]\]")


def giving(patch: pytest.MonkeyPatch, gathered: Gathered) -> None:
    """Let every run's evidence hold this beside the sample prices."""

    def frozen(*arguments: Any, **more: Any) -> Any:
        return build_evidence(*arguments, **{**more, "gathered": gathered})

    patch.setattr(committee, "build_evidence", frozen)


def outside(prompt: str, key: str) -> str:
    """What stands in no fence; fails on a mark that is not on a line of its own, or not in its place."""
    left, open_names = [], list[str]()
    for line in prompt.split("\n"):
        mark = MARK.fullmatch(line)
        if mark is None:
            assert "[[" not in line
            assert "]]" not in line
            left += [] if open_names else [line]
        elif mark[1]:
            assert (open_names.pop(), key) == (mark[2], mark[3])
        else:
            assert mark[3] == key
            open_names.append(mark[2])
    assert not open_names
    return "\n".join(left).strip()


def check_prompts(requests: list[ModelRequest], sha256: str) -> None:
    system = role("system").replace("{canary}", canary_of(sha256))
    for request in requests:
        first, user = request.messages[:2]
        assert first == {"role": "system", "content": system}
        assert outside(user["content"], sha256[:12]) == role(injected.stage_of(request))
        for sign in ("<|", "|>", "\u200b", "\u202e", "\u00ad"):
            assert sign not in user["content"]


async def cards(app: App, record: RunRecord) -> list[tuple[Any, bool]]:
    """The verdict and every page of every member's reasoning, cut for Telegram (True) and for Slack."""
    verdict = await verdict_of(app, record)
    drawn: list[tuple[Any, bool]] = [(verdict, True), (verdict, False)]
    members = {member.name: member for member in await app.members()}
    for name in arena.FIVE:
        chat = await app.model_chat(record.run_id, name)
        for size, telegram in ((TELEGRAM_PAGE, True), (SLACK_PAGE, False)):
            book = pages(chat, size)
            card = partial(reasoning_card, book, record=record, chat=chat, member=members[name], zone=UTC)
            drawn += [(card(page), telegram) for page in book]
    return drawn


def check_card(card: Any, telegram: bool) -> None:
    if telegram:
        assert check_text(on_telegram(card).text_html, "HTML").of(*LIVE) == []
        if html := rich(card):
            check_rich({"html": html, "skip_entity_detection": True})
        return
    message = on_slack(card)
    assert message_error({"text": message.text, "blocks": message.blocks}, update=True) is None
    assert notified(message.text) == notified(message.blocks) == []
    if isinstance(card, ReasoningCard):
        view = modal(card, metadata="C0TRADING")
        assert view_error(view) is None
        assert notified(view) == []


@pytest.fixture
def gullible(models: ModelServer) -> ModelServer:
    """Five models: four that obey in different ways, and qwen, which keeps its head."""
    models.always("claude/claude-1", injected.repeats_all())
    models.always("gpt5/gpt5-1", injected.answers_as_told())
    models.always("gemini/gemini-1", injected.tells_the_secret())
    models.always("deepseek/deepseek-1", injected.forges_fences())
    return models


async def test_no_stranger_leaves_his_fence_changes_a_form_exceeds_a_cap_or_calls_anybody(
    gullible: ModelServer, tmp_path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    giving(monkeypatch, injected.all_texts())
    app = await opening(gullible.base_url, tmp_path)
    record = await arena.finished(app, arena.request())

    check_prompts(gullible.requests, record.evidence_sha256)

    ballots = {ballot.member: ballot for ballot in record.ballots}
    assert set(ballots) == {"claude", "gemini", "deepseek", "qwen"}
    (told,) = record.abstentions
    assert (told.member, told.kind) == ("gpt5", AbstentionKind.BAD_ANSWER)
    assert ballots["qwen"].action is Action.SELL
    assert all(0 <= ballot.confidence <= 1 for ballot in ballots.values())

    bought = [fill for fill in record.fills if fill.member in ("claude", "gemini", "deepseek")]
    assert len(bought) == 3
    for fill in bought:
        assert fill.shares * fill.price <= Decimal(10_000) * Decimal("0.2501")
    assert all(fill.ticker == "AAPL" for fill in record.fills)
    assert all(order.clamps for order in record.orders if order.member in {fill.member for fill in bought})

    drawn = await cards(app, record)
    assert len(drawn) > 100
    for card, telegram in drawn:
        check_card(card, telegram)


@pytest.mark.parametrize("text", injected.TEXTS, ids=range(len(injected.TEXTS)))
async def test_each_text_stays_in_its_fence_whatever_field_it_comes_in(
    text: str, models: ModelServer, tmp_path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    giving(monkeypatch, injected.everywhere(text))
    models.always("qwen/qwen-1", injected.forges_fences())
    app = await opening(models.base_url, tmp_path)
    record = await arena.finished(app, arena.request(members=["claude", "qwen"]))
    check_prompts(models.requests, record.evidence_sha256)
    assert len(record.ballots) == 2
    for request in models.requests:
        user = request.messages[1]["content"]
        assert not re.search(r"://\S|\bwww\.|\bmailto:", user)


async def test_a_member_that_tells_the_secret_word_is_marked_and_no_other(
    gullible: ModelServer, tmp_path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    giving(monkeypatch, injected.all_texts())
    app = await opening(gullible.base_url, tmp_path)
    record = await arena.finished(app, arena.request())
    marked = {
        name: [stage.stage for stage in (await app.model_chat(record.run_id, name)).stages if stage.marks]
        for name in ("claude", "gemini", "deepseek", "qwen")
    }
    assert marked["gemini"] == list(Stage)
    # It repeats what it reads, its own system text with the word in it included.
    assert marked["claude"] == list(Stage)
    assert marked["deepseek"] == marked["qwen"] == []


async def test_one_word_in_one_stage_marks_that_stage_and_the_ballot(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    secret = injected.tells_the_secret()
    honest = filled(arena.opinion("claude"))
    models.always(
        "claude/claude-1",
        lambda request: (secret if injected.stage_of(request) is Stage.NEWS else honest)(request),
    )
    app = await opening(models.base_url, tmp_path)
    record = await arena.finished(app, arena.request())
    stages = (await app.model_chat(record.run_id, "claude")).stages
    marks = {stage.stage: stage.marks for stage in stages if stage.marks}
    assert marks[Stage.NEWS] == (SPOKEN,)
    assert set(marks) == {Stage.NEWS, Stage.DECISION}
    assert marks[Stage.DECISION][0].startswith("An earlier stage of this member")
    assert canary_of(record.evidence_sha256) not in str(marks)


async def test_nothing_before_the_evidence_changes_between_stages_members_and_rounds(
    models: ModelServer, tmp_path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    giving(monkeypatch, injected.all_texts())
    app = await opening(models.base_url, tmp_path)
    record = await arena.finished(app, arena.request(preset="deep"))
    shared = {
        (request.messages[0]["content"], _core(request.messages[1]["content"])) for request in models.requests
    }
    assert len(models.requests) == 5 * len(steps(Preset.DEEP))
    assert len(shared) == 1
    ((_, core),) = shared
    assert core.startswith(f"[[evidence {record.evidence_sha256[:12]}]]\ninstrument: AAPL (USD)\n")
    assert "volume_ratio_20: " in core


def _core(prompt: str) -> str:
    """The beginning of a prompt, up to the last of the indicators."""
    indicators = re.search(r"\nindicators\n([a-z]+(_[a-z0-9]+)*: .*\n)+", prompt)
    assert indicators is not None
    return prompt[: indicators.end()]
