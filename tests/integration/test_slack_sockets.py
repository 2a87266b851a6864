"""Several connections to Slack: replaced before they go, fewer where it wants fewer, never dead unnoticed."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from bot.connections import now_states
from bot.slack_service import SlackService, socket_service
from bot.slack_socket import SILENT_S
from core.clock import Clock, SystemClock
from core.config.settings import Slack
from tests.counted_slices import CountedSlices
from tests.loopback.patience import PATIENCE_S
from tests.loopback.slack_scene import ALICE, TRADING, ScriptedDesk, settings_for
from tests.loopback.slack_server import Fault, SlackServer, slack_server
from tests.shared_clock import SharedClock


@asynccontextmanager
async def serving(
    server: SlackServer, settings: Slack, clock: Clock | None = None, *, ping_s: float = 0.05
) -> AsyncIterator[tuple[ScriptedDesk, SlackService]]:
    desk = ScriptedDesk()
    service = socket_service(settings, desk, clock or SystemClock(), ping_s=ping_s)
    task = asyncio.create_task(service.run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            await service.connected.wait()
        yield desk, service
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with slack_server() as made:
        yield made


@pytest.fixture
def settings(server: SlackServer, monkeypatch: pytest.MonkeyPatch) -> Slack:
    return settings_for(server, monkeypatch)


def states(service: SlackService) -> list[str]:
    return [one.state for one in service.connections()]


async def asked_over(server: SlackServer, desk: ScriptedDesk, over: Callable[[], object]) -> None:
    """Somebody asks over one connection, and the desk hears it."""
    before = len(desk.requests)
    event = {"type": "app_mention", "user": ALICE, "text": "<@U0CONCLAVE> help", "channel": TRADING}
    server.join(TRADING)
    await server._event(event | {"ts": server.write(TRADING)}, over())  # type: ignore[arg-type] # a socket
    await server.until(lambda: len(desk.requests) == before + 1)


async def idle(server: SlackServer, clock: SharedClock) -> None:
    """Five seconds in which nothing comes but the answer to a ping."""
    before = server.pings
    await clock.passing(5.0)
    await server.until(lambda: server.pings > before)
    await asyncio.sleep(0.01)


async def test_two_connections_are_open_and_what_comes_over_either_is_heard(
    server: SlackServer, settings: Slack
) -> None:
    async with serving(server, settings) as (desk, service):
        await server.wait_connected(count=2)
        for socket in server.sockets:
            await asked_over(server, desk, lambda one=socket: one)  # type: ignore[misc]
        assert states(service) == ["connected", "connected"]
        assert [one.name for one in service.connections()] == ["connection 1", "connection 2"]


@pytest.mark.parametrize("count", [1, 3, 10])
async def test_as_many_connections_are_open_as_the_configuration_says(
    server: SlackServer, settings: Slack, count: int
) -> None:
    async with serving(server, settings.model_copy(update={"connections": count})) as (_, service):
        await server.wait_connected(count=count)
        await asyncio.sleep(0.1)
        assert (len(server.sockets), len(service.connections())) == (count, count)


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_a_new_connection_is_there_before_the_old_one_closes(
    server: SlackServer, settings: Slack, reason: str
) -> None:
    async with serving(server, settings.model_copy(update={"connections": 1})) as (desk, _):
        await server.wait_connected()
        (old,) = server.sockets
        await server.ask_to_leave(old, reason)
        await server.until(lambda: len(server.sockets) == 2)
        # Slack may still send over the old one, and nothing of it is lost.
        await asked_over(server, desk, lambda: old)
        await asked_over(server, desk, lambda: server.sockets[-1])
        await server.until(lambda: len(server.sockets) == 1)
        assert server.log == ["hello 1", "hello 2", "closed 1"]


async def test_while_no_new_connection_comes_about_the_old_one_goes_on(
    server: SlackServer, settings: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack_sockets.FIRST_DELAY_S", 0.05)
    async with serving(server, settings.model_copy(update={"connections": 1})) as (desk, service):
        await server.wait_connected()
        (old,) = server.sockets
        server.fail_next("apps.connections.open", Fault("internal_error", times=3))
        await server.ask_to_leave(old, "refresh_requested")
        await server.until(lambda: states(service) == ["being replaced"])
        await asked_over(server, desk, lambda: old)
        await server.until(lambda: states(service) == ["connected"])
        await server.until(lambda: len(server.sockets) == 2)
        opened = [method for method, _ in server.calls].count("apps.connections.open")
        assert opened == 1 + 3 + 1


async def test_where_slack_takes_no_more_connections_fewer_are_kept(
    server: SlackServer, settings: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    server.max_sockets = 1
    async with serving(server, settings) as (desk, service):
        await server.until(lambda: any("takes no more" in state for state in states(service)))
        await asked_over(server, desk, lambda: server.sockets[0])
        assert sorted(states(service)) == ["connected", "left out: Slack takes no more"]
        (line,) = [record.getMessage() for record in caplog.records if "takes no more" in record.getMessage()]
        assert "[slack] connections" in line
        await asyncio.sleep(0.2)
        assert [method for method, _ in server.calls].count("apps.connections.open") == 2


async def test_a_connection_that_is_one_too_many_is_closed_and_the_other_goes_on(
    server: SlackServer, settings: Slack
) -> None:
    async with serving(server, settings) as (desk, service):
        await server.wait_connected(count=2)
        await server.ask_to_leave(server.sockets[0], "too_many_websockets")
        await server.until(lambda: len(server.sockets) == 1)
        assert sorted(states(service)) == ["connected", "left out: Slack takes no more"]
        await asked_over(server, desk, lambda: server.sockets[0])


async def test_a_connection_on_which_nobody_answers_any_more_is_replaced(
    server: SlackServer, settings: Slack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.slack_socket.SILENT_S", 0.4)
    async with serving(server, settings) as (desk, service):
        await server.wait_connected(count=2)
        dead = server.sockets[0]
        server.fall_silent(dead)
        await server.until(lambda: "hello 3" in server.log)
        await asked_over(server, desk, lambda: server.sockets[-1])
        await server.until(lambda: states(service) == ["connected", "connected"])
        assert dead not in server.sockets
    assert "nothing was heard on it for too long" in caplog.text


async def test_silence_counts_from_the_last_frame_and_a_pong_is_enough(
    server: SlackServer, settings: Slack
) -> None:
    clock = SharedClock()
    one = settings.model_copy(update={"connections": 1})
    async with serving(server, one, clock, ping_s=5.0) as (_, service):
        await server.wait_connected()
        for _ in range(20):  # an idle hundred seconds, with nothing but pongs
            await idle(server, clock)
        assert server.log == ["hello 1"]
        since = service.connections()[0].since
        server.fall_silent(server.sockets[0])
        await clock.passing(SILENT_S - 5.0)
        assert server.log == ["hello 1"]
        await clock.passing(10.0)
        await server.until(lambda: "hello 2" in server.log)
        await server.until(lambda: states(service) == ["connected"])
        assert service.connections()[0].since > since


async def test_a_connection_that_outlives_the_time_slack_gave_it_is_replaced(
    server: SlackServer, settings: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack_socket.PAST_LIFE_S", 20.0)
    clock, server.life_s = SharedClock(), 60
    async with serving(server, settings.model_copy(update={"connections": 1}), clock, ping_s=5.0):
        await server.wait_connected()
        for _ in range(15):  # it answers every ping, but Slack has forgotten it
            await idle(server, clock)
        assert server.log == ["hello 1"]
        await clock.passing(5.0)
        await server.until(lambda: len(server.log) >= 2)
        assert server.log[:2] == ["hello 1", "hello 2"]


async def test_a_service_without_any_connection_says_so_until_one_is_back(
    server: SlackServer, settings: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack_service.FIRST_DELAY_S", 0.3)
    async with serving(server, settings) as (desk, service):
        await server.wait_connected(count=2)
        server.fail_next("apps.connections.open", Fault("internal_error", times=2))
        await server.drop()
        await server.until(lambda: not service.connected.is_set())
        asked = {"Slack": service.connections}
        assert now_states({"Slack": "connected"}, asked) == {"Slack": "reconnecting"}
        await server.wait_connected(count=2)
        await server.until(service.connected.is_set)
        assert now_states({"Slack": "connected"}, asked) == {"Slack": "connected"}
        await asked_over(server, desk, lambda: server.sockets[-1])


async def test_frames_that_are_no_envelopes_harm_nothing(server: SlackServer, settings: Slack) -> None:
    async with serving(server, settings) as (desk, _):
        await server.wait_connected(count=2)
        for socket in server.sockets:
            for frame in (
                "",
                "no json",
                "[]",
                "7",
                "null",
                '{"type": 7}',
                '{"envelope_id": "x"}',
                '{"type":',
            ):
                await socket.send_str(frame)
            await socket.send_bytes(b"\xff")
            await asked_over(server, desk, lambda one=socket: one)  # type: ignore[misc]


async def test_the_library_finds_no_installation_of_its_own_in_the_environment(
    server: SlackServer, settings: Slack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "0123456789abcdef")
    with caplog.at_level(logging.WARNING):
        async with serving(server, settings) as (desk, _):
            await server.slash("/help", "", ALICE, TRADING)
            await server.until(lambda: desk.requests)
    assert [record.getMessage() for record in caplog.records] == []


async def test_what_comes_together_over_a_connection_is_read_some_in_each_turn_of_the_loop(
    server: SlackServer, settings: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    slices = CountedSlices()
    monkeypatch.setattr("bot.slack_socket.Slices", lambda most: slices)
    async with serving(server, settings) as (desk, _):
        before = slices.begun
        for _ in range(3):
            await asked_over(server, desk, lambda: server.sockets[0])
    assert slices.begun >= before + 3
