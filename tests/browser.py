"""A real browser without any network, told what to do and asked what it saw over its DevTools protocol.

Protocol: https://chromedevtools.github.io/devtools-protocol/
"""

import asyncio
import contextlib
import itertools
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
LIMIT_S = 60.0
FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--remote-debugging-port=0",
)
SPOKEN = "DevTools listening on "
TROUBLE = {"Runtime.exceptionThrown", "Log.entryAdded"}


def program() -> str:
    """The browser's program; where there is none, the test is skipped, on a build machine it fails."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found:
        return found
    reason = f"no {' or '.join(NAMES)} is installed (on Debian: apt install chromium)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


class Page:
    """One page, and everything that the browser has said of it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []

    async def attach(self) -> None:
        """Open an empty page and listen to all that happens in it."""
        target = await self.ask("Target.createTarget", url="about:blank")
        attached = await self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.ask(f"{domain}.enable")

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command and return its result; events before it are kept."""
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        await self._socket.send_json(message)
        async with asyncio.timeout(LIMIT_S):
            while True:
                told = await self._socket.receive_json()
                if told.get("id") == number:
                    assert "error" not in told, told
                    return dict(told["result"])
                self.events.append(told)

    async def happened(self, method: str) -> None:
        """Wait until the browser says that this has happened."""
        async with asyncio.timeout(LIMIT_S):
            while not any(event.get("method") == method for event in self.events):
                self.events.append(await self._socket.receive_json())

    async def open(self, file: Path, *, width: int = 1100, height: int = 900) -> None:
        """Load a file as on a screen of this size."""
        await self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.events.clear()
        await self.ask("Page.navigate", url=file.as_uri())
        await self.happened("Page.loadEventFired")

    async def value(self, expression: str) -> Any:
        """Return what a JavaScript expression gives."""
        told = await self.ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    async def press(self, selector: str) -> None:
        """Press the middle of an element with the mouse, as a person does."""
        middle = await self.value(
            f"""(() => {{ const e = document.querySelector({selector!r});
            e.scrollIntoView({{block: "center", inline: "center", behavior: "instant"}});
            const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()"""
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.ask(
                "Input.dispatchMouseEvent", type=kind, x=middle[0], y=middle[1], button="left", clickCount=1
            )

    def trouble(self) -> list[str]:
        """Errors, warnings, refusals of the page's policy, and anything written to the console."""
        console = [e for e in self.events if e.get("method") == "Runtime.consoleAPICalled"]
        return [str(event["params"]) for event in self.events if event.get("method") in TROUBLE] + [
            str(event["params"]["args"]) for event in console
        ]

    def requests(self) -> list[str]:
        """Every address that the page asked for, itself included."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]


@asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Page]:
    """Start the browser with a profile in `folder`, give one page of it, and end it whatever happens."""
    flags = [*FLAGS, f"--user-data-dir={folder / 'profile'}"]
    # As root, and in most containers of build machines, its own sandbox cannot be had.
    if os.getuid() == 0 or os.environ.get("CI"):
        flags.append("--no-sandbox")
    process = await asyncio.create_subprocess_exec(
        program(),
        *flags,
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "XDG_CACHE_HOME": str(folder),
        },
        start_new_session=True,
    )
    reading = None
    try:
        address = await _address(process)
        reading = asyncio.ensure_future(_drain(process))
        async with (
            aiohttp.ClientSession() as client,
            client.ws_connect(address, max_msg_size=0, heartbeat=None) as socket,
        ):
            page = Page(socket)
            await page.attach()
            yield page
    finally:
        if reading:
            reading.cancel()
        # The browser is many processes, all in the group that only it is in.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    """Read what the browser says at its start until it names its address."""
    assert process.stderr is not None
    said = []
    async with asyncio.timeout(LIMIT_S):
        while line := (await process.stderr.readline()).decode(errors="replace"):
            said.append(line)
            if line.startswith(SPOKEN):
                return line.removeprefix(SPOKEN).strip()
    raise AssertionError(f"the browser ended at its start: {''.join(said)[-2000:]}")


async def _drain(process: asyncio.subprocess.Process) -> None:
    """Read on, so that the browser never waits for someone to read its complaints."""
    assert process.stderr is not None
    while await process.stderr.read(65536):
        pass
