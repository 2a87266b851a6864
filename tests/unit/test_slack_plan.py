"""A run that goes on as a plan: what it shows, what it never exceeds, and what follows a refusal."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards import Button, ProgressCard, ProgressLine, VerdictCard
from bot.door import EditsScarce
from bot.request import Address
from bot.slack_adapter import SlackDoor
from bot.slack_api import SlackApi
from bot.slack_plan import MOST_TASKS, Plans, plan_message
from core.clock import ManualClock
from core.domain.ballot import Action
from tests.arena_facts import AS_OF
from tests.loopback.slack_rules import message_error, notified
from tests.loopback.slack_scene import TRADING, VERDICT
from tests.loopback.slack_server import SlackServer, slack_server

LINES = (
    ProgressLine(member="claude", state="working", detail="bull · 5 of 12"),
    ProgressLine(member="gpt", state="done", detail="BUY 72 %", action=Action.BUY),
    ProgressLine(member="qwen", state="failed", detail="abstained: no answer in time"),
    ProgressLine(member="grok", state="waiting", detail="waiting"),
)
CARD = ProgressCard(
    title="Asking 4 members about NVDA",
    subtitle="quick · as of 2025-10-29 16:00 EDT",
    lines=LINES,
    caveat="Sample prices.",
    votes="1 BUY",
    buttons=(Button(label="Buy", data="v.k3v9.b"),),
)
HERE = Address("slack", TRADING)


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with slack_server() as made:
        made.join(TRADING)
        yield made


def door_to(server: SlackServer, *, plans: bool = True) -> SlackDoor:
    return SlackDoor(SlackApi(server.bot_token, server.base_url), ManualClock(AS_OF), plans=plans)


def kinds(blocks: list[dict[str, object]]) -> list[object]:
    return [block["type"] for block in blocks]


def test_each_member_is_a_task_with_its_state_and_the_rest_of_the_card_stays() -> None:
    message = plan_message(CARD)
    assert message is not None
    plan, *rest = message.blocks
    assert plan["title"] == "Asking 4 members about NVDA · quick · as of 2025-10-29 16:00 EDT"
    assert [(task["title"], task["status"]) for task in plan["tasks"]] == [
        ("claude · bull · 5 of 12", "in_progress"),
        ("gpt · BUY 72 %", "complete"),
        ("qwen · abstained: no answer in time", "error"),
        ("grok · waiting", "pending"),
    ]
    assert kinds(rest) == ["context", "context", "actions"]


def test_a_changed_plan_has_another_block_id_and_the_same_one_the_same() -> None:
    moved = CARD.model_copy(update={"lines": (*LINES[1:],)})
    ids = [message.blocks[0]["block_id"] for one in (CARD, CARD, moved) if (message := plan_message(one))]
    assert ids[0] == ids[1] != ids[2]


def test_what_a_plan_cannot_hold_is_drawn_without_one() -> None:
    assert plan_message(CARD.model_copy(update={"lines": ()})) is None
    assert plan_message(CARD.model_copy(update={"lines": LINES[:1] * (MOST_TASKS + 1)})) is None
    assert Plans(wanted=False).drawn(CARD) is None


@given(st.lists(st.tuples(st.text(max_size=400), st.text(max_size=400)), min_size=1, max_size=MOST_TASKS))
def test_whatever_a_model_is_called_and_says_slack_takes_the_plan_and_nobody_is_called(
    told: list[tuple[str, str]],
) -> None:
    lines = tuple(ProgressLine(member=a, state="working", detail=f"<!channel> {b}") for a, b in told)
    message = plan_message(CARD.model_copy(update={"lines": lines, "title": told[0][0]}))
    assert message is not None
    assert message_error({"text": message.text, "blocks": message.blocks}, update=True) is None
    assert notified(message.blocks) == []


async def test_a_workspace_that_shows_plans_gets_them_and_the_verdict_in_their_place(
    server: SlackServer,
) -> None:
    server.plans = True
    door = door_to(server)
    ref = await door.send(HERE, CARD)
    (message,) = server.messages(TRADING)
    assert kinds(message.blocks)[0] == "plan"
    await door.edit(ref, VERDICT)
    assert isinstance(VERDICT, VerdictCard)
    assert "plan" not in kinds(message.blocks)
    await door.close()


async def test_a_refused_plan_is_drawn_as_before_and_no_other_is_tried(server: SlackServer) -> None:
    door = door_to(server)
    ref = await door.send(HERE, CARD)
    await door.replying(None).edit(ref, CARD)
    posts = [arguments for method, arguments in server.calls if method in {"chat.postMessage", "chat.update"}]
    assert ["plan" in kinds(one["blocks"]) for one in posts] == [True, False, False]
    assert len(server.messages(TRADING)) == 1
    await door.close()


async def test_no_plan_is_tried_unless_the_configuration_asks_for_it(server: SlackServer) -> None:
    server.plans = True
    door = door_to(server, plans=False)
    await door.send(HERE, CARD)
    assert "plan" not in kinds(server.messages(TRADING)[0].blocks)
    await door.close()


async def test_live_edits_share_the_budget_of_the_workspace_as_plans_too(server: SlackServer) -> None:
    server.plans = True
    door = door_to(server)
    ref = await door.send(HERE, CARD)
    with pytest.raises(EditsScarce):
        for _ in range(20):
            await door.edit(ref, CARD)
    await door.edit(ref, VERDICT)
    await door.close()
