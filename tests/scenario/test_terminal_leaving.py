"""Leaving a terminal while runs go on: nothing is lost, and nobody has to look for a run's id."""

import asyncio
import os
import pty
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests import arena
from tests.loopback.model_server import ModelServer

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
[store]
url = "sqlite+aiosqlite:///{folder}/conclave.db"
[archive]
dir = "{folder}/modelchats"
[market]
prices = ["sample"]
[[providers]]
name = "loopback"
base_url = "{base_url}"
local = true
[[members]]
name = "claude"
route = ["loopback:claude/claude-1"]
"""
KEPT = r"Run ([0-9a-z]{8}) of GOOG is kept; continue it with: conclave run --resume \1"
pytestmark = pytest.mark.timeout(60)


class Sitting:
    """A person at a terminal of a hundred columns in which `conclave chat` runs."""

    def __init__(self, process: asyncio.subprocess.Process, terminal: int) -> None:
        self.process = process
        self._terminal = terminal
        self._seen = b""
        self._news = asyncio.Event()
        asyncio.get_running_loop().add_reader(terminal, self._read)

    def _read(self) -> None:
        try:
            self._seen += os.read(self._terminal, 65_536)
        except OSError:
            asyncio.get_running_loop().remove_reader(self._terminal)
        self._news.set()

    @property
    def seen(self) -> str:
        text = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", self._seen).decode("utf-8", "replace")
        return " ".join(text.split())

    async def until(self, words: str) -> None:
        async with asyncio.timeout(20):
            while words not in self.seen:
                self._news.clear()
                await self._news.wait()

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    async def end(self) -> int:
        status = await asyncio.wait_for(self.process.wait(), 20)
        await asyncio.sleep(0.1)
        return status

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._terminal)
        os.close(self._terminal)
        if self.process.returncode is None:
            self.process.kill()


@asynccontextmanager
async def sitting(config: Path) -> AsyncIterator[Sitting]:
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "chat", "--config", str(config)),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        preexec_fn=lambda: _own(theirs),
    )
    os.close(theirs)
    person = Sitting(process, ours)
    try:
        await person.until("›")
        yield person
    finally:
        person.close()
        await process.wait()


def _own(terminal: int) -> None:
    """Make the terminal the process's own, so that Ctrl-C reaches it."""
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def written(folder: Path, base_url: str) -> Path:
    config = folder / "config.toml"
    config.write_text(CONFIG.format(folder=folder, base_url=base_url))
    return config


async def test_ctrl_c_at_an_idle_prompt_simply_leaves(tmp_path: Path) -> None:
    async with sitting(written(tmp_path, "http://127.0.0.1:9/v1")) as person:
        person.type("\x03")
        assert await person.end() == 0
        assert "Stopped" not in person.seen
        assert "kept" not in person.seen


async def test_ctrl_c_leaves_a_run_and_ctrl_d_then_names_it(tmp_path: Path) -> None:
    async with ModelServer(latency_s=0.6) as models:
        models.opine("claude/claude-1", arena.opinion("claude"))
        async with sitting(written(tmp_path, models.base_url)) as person:
            person.type("/run GOOG\n")
            await person.until(" of 12")
            person.type("\x03")
            await person.until("The run goes on")
            person.type("whoami\n")
            await person.until("terminal:")
            person.type("\x04")
            assert await person.end() == 0
            assert re.search(KEPT, person.seen)
            assert "Traceback" not in person.seen


async def test_a_run_that_was_left_tells_when_it_is_done(tmp_path: Path) -> None:
    async with ModelServer(latency_s=0.3) as models:
        models.opine("claude/claude-1", arena.opinion("claude"))
        async with sitting(written(tmp_path, models.base_url)) as person:
            person.type("/run GOOG\n")
            await person.until(" of 12")
            person.type("\x03")
            await person.until("GOOG is done: No verdict. /why GOOG shows the run.")
            person.type("exit\n")
            assert await person.end() == 0
            assert "kept" not in person.seen


async def test_ctrl_c_in_a_run_names_each_run_that_can_be_continued(tmp_path: Path) -> None:
    async with ModelServer(latency_s=0.3) as models:
        config = written(tmp_path, models.base_url)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run", "GOOG", "IBM", "--config", str(config)),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr is not None
        begun = [await asyncio.wait_for(process.stderr.readline(), 20) for _ in range(2)]
        assert all(b"asks 1 member" in line for line in begun)
        process.send_signal(signal.SIGINT)
        out, log = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 1
    assert out == b""
    assert re.search(KEPT, log.decode())
    assert re.search(KEPT.replace("GOOG", "IBM"), log.decode())
    assert "Traceback" not in log.decode()
