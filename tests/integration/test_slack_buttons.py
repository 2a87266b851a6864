"""What people see on Slack after they press a button, over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.cards import Card, Notice
from bot.request import Press
from tests import posted_facts
from tests.loopback.slack_scene import ALICE, TRADING, VERDICT, Scene, page, shown, slack_scene
from tests.loopback.slack_server import Envelope, Fault, SlackServer

SUMMARY = posted_facts.CARDS["summary"]


@pytest.fixture
async def scene(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    async with slack_scene(monkeypatch) as made:
        yield made


async def card_in(server: SlackServer) -> Envelope:
    return await server.slash("/run", "NVDA", ALICE, TRADING)


async def test_a_button_opens_the_reasoning_in_a_modal(scene: Scene) -> None:
    server, desk, _ = scene
    await card_in(server)
    card = (await server.wait_messages(TRADING))[0]
    await server.click(card, "conclave.why.1", ALICE)

    await server.until(lambda: server.views(ALICE))

    view = server.views(ALICE)[0]
    assert desk.presses[0].data == "w.k3v9.2"
    assert desk.presses[0].address.chat == TRADING
    assert view.view["title"]["text"] == "claude on NVDA"
    assert "Revenue grows. (1)" in shown(view.blocks)


async def test_the_button_of_a_summary_shows_the_verdict_to_whoever_pressed_it_alone(scene: Scene) -> None:
    server, desk, _ = scene
    desk.card = SUMMARY

    async def opened(press: Press) -> Card:
        return VERDICT

    desk.on_press = opened
    await card_in(server)
    card = (await server.wait_messages(TRADING))[0]
    await server.click(card, "conclave.show.1", ALICE)

    (seen,) = await server.until(lambda: server.ephemerals(ALICE))

    assert desk.presses[0].data == "r.5h8n3p2r"
    assert "Agreement" in shown(seen.blocks)
    # The summary stays for the others, with its buttons.
    (summary,) = [one for one in server.messages(TRADING) if not one.ephemeral]
    assert "SAP.DE" in shown(summary.blocks)


async def test_slow_reasoning_shows_loading_first(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    server, desk, _ = scene
    monkeypatch.setattr("bot.slack_press.GRACE_S", 0.01)
    gate = asyncio.Event()

    async def slow(press: Press) -> Card:
        await gate.wait()
        return page(1)

    desk.on_press = slow
    await card_in(server)
    card = (await server.wait_messages(TRADING))[0]
    await server.click(card, "conclave.why.0", ALICE)
    view = (await server.until(lambda: server.views(ALICE)))[0]
    assert "Loading" in shown(view.blocks)
    gate.set()

    await server.until(lambda: "Revenue" in shown(server.views(ALICE)[0].blocks))

    assert len(server.views(ALICE)) == 1


async def test_a_modal_closed_while_loading_stays_closed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, desk, _ = scene
    monkeypatch.setattr("bot.slack_press.GRACE_S", 0.01)
    gate = asyncio.Event()

    async def slow(press: Press) -> Card:
        await gate.wait()
        return page(1)

    desk.on_press = slow
    await card_in(server)
    card = (await server.wait_messages(TRADING))[0]
    await server.click(card, "conclave.why.0", ALICE)
    await server.until(lambda: server.views(ALICE))
    server.close_views(ALICE)
    gate.set()
    await server.until(lambda: "views.update" in [method for method, _ in server.calls])

    await asyncio.sleep(0.05)

    assert len(server.messages(TRADING)) == 1
    assert server.views(ALICE) == []


async def test_slow_reasoning_that_no_modal_can_show_goes_into_the_thread(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, desk, _ = scene
    monkeypatch.setattr("bot.slack_press.GRACE_S", 0.01)
    gate = asyncio.Event()

    async def slow(press: Press) -> Card:
        await gate.wait()
        return page(1)

    desk.on_press = slow
    await card_in(server)
    card = (await server.wait_messages(TRADING))[0]
    await server.click(card, "conclave.why.0", ALICE)
    await server.until(lambda: server.views(ALICE))
    server.fail_next("views.update", Fault("internal_error"))
    gate.set()

    messages = await server.wait_messages(TRADING, 2)

    assert messages[1].thread_ts == card.ts


async def test_a_page_that_came_too_late_does_not_replace_a_newer_one(scene: Scene) -> None:
    server, _, _ = scene
    await card_in(server)
    card = (await server.wait_messages(TRADING))[0]
    await server.click(card, "conclave.why.0", ALICE)
    view = (await server.until(lambda: server.views(ALICE)))[0]
    stale = replace(view)
    await server.click(view, "conclave.page.0", ALICE)
    await server.until(lambda: "(2)" in shown(server.views(ALICE)[0].blocks))
    await server.click(stale, "conclave.stage", ALICE, option="Bear")
    await server.until(lambda: [method for method, _ in server.calls].count("views.update") == 2)

    assert "(2)" in shown(server.views(ALICE)[0].blocks)


async def test_pages_and_stages_turn_inside_the_modal(scene: Scene) -> None:
    server, desk, _ = scene
    await card_in(server)
    card = (await server.wait_messages(TRADING))[0]
    await server.click(card, "conclave.why.0", ALICE)
    view = (await server.until(lambda: server.views(ALICE)))[0]
    await server.click(view, "conclave.page.0", ALICE)
    await server.until(lambda: "(2)" in shown(server.views(ALICE)[0].blocks))
    await server.click(server.views(ALICE)[0], "conclave.stage", ALICE, option="Bear")

    await server.until(lambda: len(desk.presses) == 3)
    await server.until(lambda: "(1)" in shown(server.views(ALICE)[0].blocks))

    assert [press.data for press in desk.presses] == ["w.k3v9.1", "p.k3v9.1.5.2", "p.k3v9.1.6.1"]
    assert {press.address.chat for press in desk.presses} == {TRADING}
    assert len({press.delivery for press in desk.presses}) == 3


async def test_reasoning_goes_into_the_thread_when_the_modal_cannot_open(scene: Scene) -> None:
    server, _, _ = scene
    await card_in(server)
    card = (await server.wait_messages(TRADING))[0]
    server.fail_next("views.open", Fault("expired_trigger_id"))
    await server.click(card, "conclave.why.0", ALICE)

    messages = await server.wait_messages(TRADING, 2)

    assert messages[1].thread_ts == card.ts
    assert "Revenue grows. (1)" in shown(messages[1].blocks)


async def test_pages_of_reasoning_in_a_message_turn_in_place(scene: Scene) -> None:
    server, desk, _ = scene
    desk.card = page(1)
    await server.slash("/why", "NVDA claude", ALICE, TRADING)
    message = (await server.wait_messages(TRADING))[0]
    await server.click(message, "conclave.page.0", ALICE)

    await server.until(lambda: "(2)" in shown(message.blocks))

    assert len(server.messages(TRADING)) == 1


async def test_a_notice_after_a_press_is_for_the_presser_alone(scene: Scene) -> None:
    server, desk, _ = scene
    desk.on_press = lambda press: _soon(Notice(text="This button is too old.", tone="warning"))
    await card_in(server)
    card = (await server.wait_messages(TRADING))[0]
    await server.click(card, "conclave.why.0", ALICE)

    await server.until(lambda: server.ephemerals(ALICE))

    assert "too old" in server.ephemerals(ALICE)[0].text
    assert len(server.messages(TRADING)) == 1
    assert server.views(ALICE) == []


async def test_a_notice_inside_a_modal_lies_on_top_of_it(scene: Scene) -> None:
    server, desk, _ = scene
    await card_in(server)
    card = (await server.wait_messages(TRADING))[0]
    await server.click(card, "conclave.why.0", ALICE)
    view = (await server.until(lambda: server.views(ALICE)))[0]
    desk.on_press = lambda press: _soon(Notice(text="That run is gone."))
    await server.click(view, "conclave.page.0", ALICE)

    await server.until(lambda: len(server.views(ALICE)) == 2)

    assert "That run is gone." in shown(server.views(ALICE)[1].blocks)


async def _soon(card: Card | None) -> Card | None:
    return card


async def test_a_press_that_shows_nothing_stays_silent(scene: Scene) -> None:
    server, desk, _ = scene
    desk.on_press = lambda press: _soon(None)
    await card_in(server)
    card = (await server.wait_messages(TRADING))[0]
    await server.click(card, "conclave.why.0", "U0STRANGER")
    await server.until(lambda: desk.presses)

    await asyncio.sleep(0.05)

    assert server.ephemerals("U0STRANGER") == []
    assert server.views("U0STRANGER") == []
