"""Whatever a person does in Slack is acknowledged within its three seconds, however long the work takes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.cards import Card
from bot.door import Door
from bot.request import Press, Request
from tests.loopback.slack_http_scene import http_scene
from tests.loopback.slack_scene import ALICE, TRADING, ScriptedDesk, serving, settings_for
from tests.loopback.slack_server import Envelope, SlackServer, slack_server
from tests.loopback.slack_state import ACK_S

Doing = Callable[[SlackServer], Awaitable[Envelope]]
CLEARLY_BELOW_S = 2.0


async def interactive(server: SlackServer, kind: str, **more: object) -> Envelope:
    payload = {
        "type": kind,
        "team": {"id": server.acting},
        "user": {"id": ALICE, "team_id": server.acting},
        "api_app_id": "A0CONCLAVE",
        "trigger_id": server._trigger(ALICE),
    }
    envelope = await server._send("interactive", payload | more)
    await server._acked(envelope)
    return envelope


async def pressed(server: SlackServer) -> Envelope:
    card = (await server.wait_messages(TRADING))[0]
    return await server.click(card, "conclave.why.0", ALICE)


VIEW = {"id": "V1", "type": "modal", "callback_id": "x", "private_metadata": "", "state": {"values": {}}}
DOINGS: dict[str, Doing] = {
    "a slash command": lambda server: server.slash("/conclave", "run NVDA", ALICE, TRADING),
    "a short command": lambda server: server.slash("/run", "NVDA", ALICE, TRADING),
    "a mention": lambda server: server.mention("{bot} run NVDA", ALICE, TRADING),
    "a direct message": lambda server: server.dm("run NVDA", ALICE),
    "a button": pressed,
    "a button of nobody": lambda server: interactive(
        server, "block_actions", actions=[{"action_id": "else", "block_id": "b", "type": "button"}]
    ),
    "a global shortcut": lambda server: interactive(server, "shortcut", callback_id="x"),
    "a message shortcut": lambda server: interactive(
        server, "message_action", callback_id="x", channel={"id": TRADING}, message={"ts": "1.1"}
    ),
    "a submitted view": lambda server: interactive(server, "view_submission", view=VIEW),
    "a closed view": lambda server: interactive(server, "view_closed", view=VIEW, is_cleared=False),
}


@asynccontextmanager
async def over(
    mode: str, server: SlackServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ScriptedDesk]:
    if mode == "http":
        async with http_scene(server, folder, monkeypatch) as scene:
            yield scene.desk
    else:
        desk = ScriptedDesk()
        async with serving(settings_for(server, monkeypatch), desk):
            yield desk


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_everything_is_acknowledged_in_time_while_the_desk_is_slow(
    mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, working = asyncio.Event(), 0

    async def slow(request: Request, door: Door) -> None:
        nonlocal working
        working += 1
        await gate.wait()

    async def slow_press(press: Press) -> Card | None:
        await gate.wait()
        return None

    async with slack_server() as server, over(mode, server, tmp_path, monkeypatch) as desk:
        await server.slash("/run", "NVDA", ALICE, TRADING)
        await server.wait_messages(TRADING)
        desk.on_handle, desk.on_press = slow, slow_press
        took = {name: (await doing(server)).ack_s for name, doing in DOINGS.items()}
        assert [name for name, ack_s in took.items() if ack_s is None or ack_s > CLEARLY_BELOW_S] == []
        # The work has begun, and none of it is done.
        await server.until(lambda: working == 4)
        together = await asyncio.gather(*(doing(server) for doing in DOINGS.values() for _ in range(5)))
        assert max(envelope.ack_s or ACK_S for envelope in together) < ACK_S
        gate.set()


async def test_the_server_takes_no_acknowledgement_that_comes_too_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with SlackServer(ack_s=0.05) as server, over("socket", server, tmp_path, monkeypatch):
        now = server.clock
        envelope = await server.slash("/run", "NVDA", ALICE, TRADING)
        assert envelope.ack_s is not None
        late = Envelope("late", "slash_commands", {}, now() - 1)
        server.envelopes.append(late)
        await server._ack({"envelope_id": "late"})
        assert (late.ack_s, len(server.violations)) == (None, 1)
