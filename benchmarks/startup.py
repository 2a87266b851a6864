"""Start-up of `conclave --help`, and of `serve` with both platforms, beside a bare import of three libraries.

python -m benchmarks.startup [--rounds 5]
"""

import argparse
import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SETTLE_S = 2.0
BARE = "import openai, telegram, slack_bolt"


def timed(command: list[str]) -> tuple[float, float]:
    """Return wall seconds and peak memory in MB of a command that ends by itself."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command} failed")
    return time.perf_counter() - began, used.ru_maxrss / 1024


def serve_ready() -> tuple[float, float]:
    """Return wall seconds until `serve` says that it is ready, and its peak memory in MB."""
    from tests.loopback.slack_server import SlackServer
    from tests.loopback.telegram_server import TelegramServer

    with (
        tempfile.TemporaryDirectory() as folder,
        _in_thread(TelegramServer) as telegram,
        _in_thread(SlackServer) as slack,
    ):
        config = Path(folder) / "config.toml"
        config.write_text(
            f'[telegram]\nbase_url = "{telegram.base_url}"\n[slack]\nbase_url = "{slack.base_url}"\n'
            '[market]\nprices = ["sample"]\n'
            f'[store]\nurl = "sqlite+aiosqlite:///{folder}/serve.db"\n'
        )
        environ = {
            **os.environ,
            "TELEGRAM_BOT_TOKEN": telegram.token,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
        }
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "--config", str(config)],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=environ,
            text=True,
        )
        try:
            if process.stderr is None:
                raise SystemExit("no stderr")
            for line in process.stderr:
                if "ready" in line.lower():
                    break
            else:
                raise SystemExit("serve ended before it was ready")
            wall = time.perf_counter() - began
            time.sleep(SETTLE_S)  # what it loads after that counts as well
            status = Path(f"/proc/{process.pid}/status").read_text()
            peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
            return wall, int(peak.split()[1]) / 1024
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)


@contextlib.contextmanager
def _in_thread(server_type: Callable[[], object]):  # type: ignore[no-untyped-def]
    """Run an async loopback server on a loop of its own; yield it."""
    import asyncio
    import threading

    ready, stop = threading.Event(), threading.Event()
    found: list[object] = []

    async def hold() -> None:
        async with server_type() as server:  # type: ignore[attr-defined]
            found.append(server)
            ready.set()
            while not stop.is_set():
                await asyncio.sleep(0.02)

    thread = threading.Thread(target=lambda: asyncio.run(hold()), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield found[0]
    finally:
        stop.set()
        thread.join(5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    cases: list[tuple[str, Callable[[], tuple[float, float]], str]] = [
        ("bare import (reference)", lambda: timed([sys.executable, "-c", BARE]), ""),
        ("conclave --help", lambda: timed([sys.executable, "-m", "bot", "--help"]), "0.5 s"),
        ("conclave serve, ready", serve_ready, "2 s, 150 MB"),
    ]
    print(f"{'':<26} {'wall (median)':>14} {'peak memory':>12} {'wall ratio':>11} {'goal':>12}")
    reference = 0.0
    for name, run, goal in cases:
        run()  # once to warm the disk cache
        samples = [run() for _ in range(rounds)]
        wall = statistics.median(sample[0] for sample in samples)
        memory = statistics.median(sample[1] for sample in samples)
        reference = reference or wall
        print(f"{name:<26} {wall:>13.3f}s {memory:>9.1f} MB {wall / reference:>11.2f} {goal:>12}")
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
