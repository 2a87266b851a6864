"""The loopback Slack refuses of views, fields and triggers what Slack refuses."""

from typing import Any

import pytest

from core.clock import ManualClock
from tests.arena_facts import AS_OF
from tests.loopback.slack_rules import block_errors, view_error
from tests.loopback.slack_server import SlackServer
from tests.loopback.slack_state import TRIGGER_S

Json = dict[str, Any]
ALICE = "U0ALICE"
TEXT = {"type": "plain_text", "text": "x"}
DIVIDER = {"type": "divider"}
HOME: Json = {"type": "home", "blocks": [DIVIDER]}
MODAL: Json = {"type": "modal", "title": TEXT, "blocks": [DIVIDER]}


def field(**element: Any) -> Json:
    return {"type": "input", "label": TEXT, "element": {"action_id": "a"} | element}


def form(block: Json, **more: Any) -> Json:
    return MODAL | {"submit": TEXT, "blocks": [block]} | more


@pytest.mark.parametrize(
    "view",
    [
        HOME | {"private_metadata": "x" * 3_000, "callback_id": "x" * 255, "blocks": [DIVIDER] * 100},
        MODAL | {"title": TEXT | {"text": "x" * 24}, "close": TEXT},
        form(field(type="plain_text_input", max_length=400, initial_value="x" * 400)),
        form(field(type="datepicker", initial_date="2025-10-29")),
        form(field(type="timepicker", initial_time="23:59")),
        form(
            field(
                type="conversations_select",
                response_url_enabled=True,
                initial_conversation="C0TRADING",
                filter={"include": ["public", "private"]},
            )
        ),
    ],
)
def test_what_slack_takes_is_taken(view: Json) -> None:
    assert view_error(view, view["type"]) is None


@pytest.mark.parametrize(
    "view",
    [
        HOME | {"title": TEXT},
        HOME | {"submit": TEXT},
        HOME | {"blocks": [DIVIDER] * 101},
        HOME | {"blocks": []},
        HOME | {"private_metadata": "x" * 3_001},
        HOME | {"callback_id": "x" * 256},
        HOME | {"blocks": [{"type": "plan", "title": "x", "tasks": []}]},
        {"type": "modal", "blocks": [DIVIDER]},
        MODAL | {"title": TEXT | {"text": "x" * 25}},
        form(field(type="plain_text_input"), submit=TEXT | {"text": "x" * 25}),
        MODAL | {"blocks": [field(type="plain_text_input")]},
        form(field(type="plain_text_input", max_length=3_001)),
        form(field(type="plain_text_input", initial_value="")),
        form(field(type="plain_text_input", max_length=2, initial_value="xyz")),
        form(field(type="plain_text_input", placeholder=TEXT | {"text": "x" * 151})),
        form(field(type="datepicker", initial_date="29.10.2025")),
        form(field(type="timepicker", initial_time="7:00")),
        form(field(type="timepicker", initial_time="24:00")),
        form(field(type="conversations_select", initial_conversation="trading")),
        form(field(type="conversations_select", filter={})),
        form(field(type="conversations_select", filter={"include": ["everything"]})),
        form(field(type="conversations_select", initial_conversation="D1", filter={"include": ["public"]})),
        form(field(type="button", text=TEXT, value="x")),
        form(field(type="plain_text_input") | {"label": TEXT | {"text": "x" * 2_001}}),
        form(field(type="plain_text_input") | {"more": 1}),
        form(
            {
                "type": "actions",
                "elements": [field(type="conversations_select", response_url_enabled=True)["element"]],
            }
        ),
    ],
)
def test_what_slack_refuses_is_refused(view: Json) -> None:
    assert view_error(view, view["type"]) is not None


def test_a_page_is_no_modal_and_a_field_is_for_views_alone() -> None:
    assert view_error(HOME) is not None
    assert view_error(MODAL, "home") is not None
    assert block_errors([field(type="plain_text_input")]) != []


@pytest.mark.parametrize(
    "task",
    [
        {"type": "task_card", "task_id": "a", "title": "x", "status": "done"},
        {"type": "task_card", "task_id": "a", "title": "", "status": "complete"},
        {"type": "task_card", "task_id": "a", "title": "x" * 257, "status": "complete"},
        {"type": "task_card", "title": "x", "status": "complete"},
        {"type": "section", "task_id": "a", "title": "x", "status": "complete"},
    ],
)
def test_a_broken_task_of_a_plan_is_refused(task: Json) -> None:
    assert block_errors([{"type": "plan", "title": "x", "tasks": [task]}]) != []


async def test_a_trigger_opens_one_modal_within_three_seconds() -> None:
    clock = ManualClock(AS_OF)
    server = SlackServer(clock=clock.monotonic)
    late, once = server._trigger(ALICE), server._trigger(ALICE)
    opened = await server._views_open({"trigger_id": once, "view": MODAL})
    assert "view" in opened
    assert await server._views_open({"trigger_id": once, "view": MODAL}) == {"error": "exchanged_trigger_id"}
    clock.advance(TRIGGER_S + 0.1)
    assert await server._views_open({"trigger_id": late, "view": MODAL}) == {"error": "expired_trigger_id"}
    assert await server._views_open({"trigger_id": "x", "view": MODAL}) == {"error": "invalid_trigger_id"}


async def test_no_more_than_three_modals_lie_on_top_of_each_other() -> None:
    server = SlackServer()
    await server._views_open({"trigger_id": server._trigger(ALICE), "view": MODAL})
    for _ in range(2):
        await server._views_push({"trigger_id": server._trigger(ALICE), "view": MODAL})
    refused = await server._views_push({"trigger_id": server._trigger(ALICE), "view": MODAL})
    assert refused == {"error": "push_limit_reached"}


async def test_a_page_is_published_whole_or_not_at_all() -> None:
    server = SlackServer()
    await server._views_publish({"user_id": ALICE, "view": HOME})
    page = server.page_of(ALICE)
    assert page is not None
    seen = page.hash
    assert "error" in await server._views_publish({"user_id": ALICE, "view": MODAL})
    assert page.hash == seen
    stale = {"user_id": ALICE, "view": HOME, "hash": "old"}
    assert await server._views_publish(stale) == {"error": "hash_conflict"}
    assert await server._views_publish({"user_id": "C0X", "view": HOME}) == {"error": "user_not_found"}
