"""Whoever types secrets into the setup at a real terminal, and leaves in the middle."""

import contextlib
import os
import pty
import select
import signal
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.program import ROOT

LEAVES_WITHIN_S = 20.0


@pytest.mark.timeout(90)
def test_ctrl_c_at_the_question_for_a_secret_ends_the_setup_at_once_and_keeps_the_terminal_usable(
    tmp_path: Path,
) -> None:
    child, terminal = pty.fork()
    if child == 0:  # in the other process, which becomes the program
        os.chdir(tmp_path)
        program = [sys.executable, "-m", "bot", "setup", "telegram", "--no-claim"]
        os.execve(sys.executable, program, {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"})  # noqa: S606
    try:
        shown = _read_until(terminal, b"The token: ", 60)
        _wait(lambda: not _echoes(terminal), 10)
        os.write(terminal, b"\x03")
        shown += _read_until(terminal, b"Stopped.", LEAVES_WITHIN_S)
        _, status = os.waitpid(child, 0)
        child = 0
    finally:
        if child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 1
    assert b"Traceback" not in shown
    assert list(tmp_path.iterdir()) == []


def _echoes(terminal: int) -> bool:
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


def _wait(done: Callable[[], bool], within_s: float) -> None:
    until = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < until
        time.sleep(0.02)


def _read_until(terminal: int, words: bytes, within_s: float) -> bytes:
    shown, until = b"", time.monotonic() + within_s
    while words not in shown:
        left = until - time.monotonic()
        assert left > 0, shown
        ready, _, _ = select.select([terminal], [], [], left)
        if ready:
            with contextlib.suppress(OSError):  # its other end is closed
                shown += os.read(terminal, 4096)
    return shown
