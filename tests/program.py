"""The program as its users start it: a process of its own, in a folder where its config.toml is found."""

import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from multiprocessing import forkserver, get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

ROOT = Path(__file__).resolve().parents[1]
CONFIG = """
[store]
url = "sqlite+aiosqlite:///{folder}/conclave.db"
[archive]
dir = "{folder}/modelchats"
[market]
prices = ["sample"]
"""
"""Everything inside of one folder, and prices that need no network."""
TIMEOUT_S = 100

Ended = subprocess.CompletedProcess[str]


def started(folder: Path, *words: str, typed: str = "") -> Ended:
    """Start the program in `folder` from nothing, let it read what was `typed`, and return how it ended."""
    return subprocess.run(  # noqa: S603 - our own program, with words that these tests choose
        [sys.executable, "-m", "bot", *words],
        cwd=folder,
        env=_environment(),
        input=typed,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def conclave(folder: Path, *words: str) -> Ended:
    """As `started`, in a process that has the program's code in memory already: most of a start is that."""
    with TemporaryDirectory() as place:
        out, err = Path(place, "stdout"), Path(place, "stderr")
        process = _processes().Process(target=_begin, args=(folder, words, _environment(), out, err))
        process.start()
        process.join(TIMEOUT_S)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(words, TIMEOUT_S)
        return subprocess.CompletedProcess(words, process.exitcode, out.read_text(), err.read_text())


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}


@cache
def _processes() -> ForkServerContext:
    processes = get_context("forkserver")
    processes.set_forkserver_preload(["bot.cli", "bot.program", "aiosqlite"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        forkserver.ensure_running()
    return processes


def _begin(
    folder: Path, words: tuple[str, ...], environment: Mapping[str, str], out: Path, err: Path
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, file in enumerate((Path(os.devnull), out, err)):
        os.dup2(os.open(file, os.O_RDWR | os.O_CREAT), number)
    # Those of Python were made when the server began, for what it had then.
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 - open to the end
    sys.argv = ["conclave", *words]
    from bot.cli import main

    main()
