"""What systemd hears of a service that it started, over the socket that it opens for that."""

import asyncio
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.supervision import Supervision
from core.clock import SystemClock
from tests.arena import Opening
from tests.http_scene import http_settings
from tests.service import served

pytest_plugins = ("tests.arena_fixtures",)

NOBODY = "http://127.0.0.1:9"


class Listener:
    """The socket of systemd."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.setblocking(False)
        self.address = address

    def heard(self) -> list[str]:
        words = []
        while True:
            try:
                words.append(self.socket.recv(100).decode())
            except BlockingIOError:
                return words

    async def hears(self, word: str) -> list[str]:
        """All up to a word that comes within ten seconds."""
        words: list[str] = []
        async with asyncio.timeout(10):
            while word not in words:
                words += self.heard()
                await asyncio.sleep(0.01)
        return words


class Pauses(SystemClock):
    """Remembers for how long was slept, and sleeps three times at most."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if len(self.slept) == 3:
            raise asyncio.CancelledError


@pytest.fixture
def systemd() -> Iterator[Listener]:
    # A socket's path may have about a hundred signs, fewer than the folders of tests often have.
    with tempfile.TemporaryDirectory() as folder:
        listener = Listener(str(Path(folder) / "notify"))
        yield listener
        listener.socket.close()


async def test_systemd_hears_that_the_service_is_ready_and_twice_in_its_time_that_it_lives(
    systemd: Listener,
) -> None:
    clock = Pauses()
    told = Supervision(clock, {"NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": "60000000"})
    with pytest.raises(asyncio.CancelledError):
        await told.keep_telling()
    told.stopping()
    assert systemd.heard() == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]
    assert clock.slept == [30.0, 30.0, 30.0]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"},
    ],
)
async def test_a_watchdog_that_nobody_asked_for_stays_silent(systemd: Listener, more: dict[str, str]) -> None:
    await Supervision(Pauses(), {"NOTIFY_SOCKET": systemd.address, **more}).keep_telling()
    assert systemd.heard() == ["READY=1"]


async def test_the_watchdog_of_this_very_process_is_fed(systemd: Listener) -> None:
    environ = {
        "NOTIFY_SOCKET": systemd.address,
        "WATCHDOG_USEC": "60000000",
        "WATCHDOG_PID": str(os.getpid()),
    }
    with pytest.raises(asyncio.CancelledError):
        await Supervision(Pauses(), environ).keep_telling()
    assert "WATCHDOG=1" in systemd.heard()


async def test_a_name_outside_of_the_file_system_is_understood() -> None:
    name = f"conclave-test-{os.getpid()}"
    listener = Listener(f"\0{name}")
    await Supervision(Pauses(), {"NOTIFY_SOCKET": f"@{name}"}).keep_telling()
    assert listener.heard() == ["READY=1"]
    listener.socket.close()


@pytest.mark.parametrize("place", ["", "/nowhere/notify", "vsock:2:1234", "relative"])
async def test_without_systemd_nothing_is_told_and_nothing_fails(place: str) -> None:
    told = Supervision(Pauses(), {"NOTIFY_SOCKET": place})
    await told.keep_telling()
    told.stopping()


async def test_a_served_arena_tells_that_it_is_ready_and_that_it_stops(
    systemd: Listener, tmp_path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", systemd.address)
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    app = await opening(NOBODY, tmp_path, **http_settings())
    async with served(app):
        assert await systemd.hears("READY=1") == ["READY=1"]
    assert systemd.heard() == ["STOPPING=1"]
