"""200 Telegram chats that ask at once while 50 runs are in flight, and 60 Slack channels beside them.

    python -m benchmarks.chat_load [--chats 200] [--runs 50] [--slack 60] [--scale 20] [--latency 2.0]

The whole service, as `conclave serve` runs it, talks through the real SDKs to the strict loopback Telegram
and Slack, which are a process of their own, as the models are. First so many chats start a run each; then
all the others ask for these runs at the same moment. The first answer is measured from there until Telegram
has the chat's first card, the acknowledgement in Slack until its server has it. How long the service computed
in that time tells what a machine that is busy with other things adds.

Waits are scaled: on both sides `scale` seconds of every rate limit and every pace pass in one second. All
work, and with it the figures, is in real seconds. At 30 messages a second nobody can answer 200 chats in less
than six seconds, which is the reference: the limit's own time, scaled like the rest. What the service
computes until the last answer is shown beside what the bare SDK computes to post as many messages: a slow
machine is slow for both.
"""

import argparse
import asyncio
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup

from benchmarks._chat_process import ChatProcess, chat_process
from benchmarks._model_process import model_server
from benchmarks._paced_clock import PacedClock
from core.app.assemble import open_app
from core.config.loading import settings_from

GOAL_S = 0.5
A_SECOND = 30
TICKERS = ("GOOG", "AAPL", "IBM", "MSFT")
FINALS_WITHIN_S = 90.0
SAID = "<b>Asking the committee about GOOG</b>\nGetting prices …"


def settings(base_url: str, folder: Path, chat: ChatProcess, chosen: argparse.Namespace) -> Any:
    names = ["claude", "gpt5", "gemini", "deepseek", "qwen"][: chosen.members]
    places = [f"telegram:{number}" for number in range(1, chosen.chats + chosen.runs + 1)]
    places += [f"telegram:-{number}" for number in range(1, chosen.groups + 1)]
    places += [f"slack:C{number:04}" for number in range(chosen.slack)]
    return settings_from(
        {
            "store": {"url": f"sqlite+aiosqlite:///{folder}/bench.db"},
            "archive": {"dir": str(folder / "modelchats")},
            # The sample's evidence is always the same; models are to be asked all the same.
            "cache": {"enabled": False},
            "market": {"prices": ["sample"]},
            "providers": [{"name": "loopback", "base_url": base_url, "local": True}],
            "members": [
                {"name": name, "route": [f"loopback:{name}/model"], "max_concurrency": 100} for name in names
            ],
            "access": {"chats": [{"id": place, "role": "runner"} for place in places]},
            "telegram": {"base_url": chat.telegram},
            "slack": {"base_url": chat.slack},
        },
        {},
        name="benchmark",
    )


def wishes(runs: int) -> list[str]:
    """Return so many different runs: tickers of the sample on different days."""
    days = [f"2012-{month:02}-{day:02}" for month in range(1, 12) for day in (10, 11, 12, 18, 19, 24, 25, 26)]
    return [f"/run {TICKERS[n % 4]} standard {days[n // 4]}" for n in range(runs)]


async def measured(
    chat: ChatProcess, base_url: str, folder: Path, chosen: argparse.Namespace
) -> dict[str, Any]:
    from bot.serve import serve

    app = await open_app(settings(base_url, folder, chat, chosen))
    app.clock = PacedClock(chosen.scale)
    said: list[str] = []
    service = asyncio.create_task(serve(app, said.append))
    while not any("ready" in line for line in said):
        await asyncio.sleep(0.05)
    try:
        seen = await asked(chat, chosen)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        await service
        await app.close()
    private = range(chosen.groups + 1, chosen.chats + chosen.runs + 1)[: chosen.chats]
    return seen | {"bare": await bare_sdk(chat, private, chosen.scale)}


async def bare_sdk(chat: ChatProcess, chats: Sequence[int], scale: float) -> float:
    """Return how long Telegram's library by itself computes to post a message to each chat, in seconds."""
    buttons = InlineKeyboardMarkup([[InlineKeyboardButton("Stop", callback_data="s.0123456789")]])
    async with Bot(chat.telegram_token, chat.telegram) as bot:
        computing = time.process_time()
        for first in range(0, len(chats), A_SECOND):
            some = chats[first : first + A_SECOND]
            await asyncio.gather(*(bot.send_message(one, SAID, "HTML", reply_markup=buttons) for one in some))
            await asyncio.sleep(1.1 / scale)
        return time.process_time() - computing


async def asked(chat: ChatProcess, chosen: argparse.Namespace) -> dict[str, Any]:
    wanted = wishes(chosen.runs)
    everybody = chosen.chats + chosen.runs
    await chat.told({"add": everybody, "groups": chosen.groups})
    chats = [-number if number <= chosen.groups else number for number in range(1, everybody + 1)]
    askers, starters = chats[: chosen.chats], chats[chosen.chats :]
    await chat.told({"say": list(zip(starters, wanted, strict=True))})

    def in_flight(seen: dict[str, Any]) -> bool:
        return (
            sum(f"Asking {chosen.members} members" in text for text in seen["shown"].values()) == chosen.runs
        )

    if not in_flight(await until(chat, in_flight, 60)):
        raise SystemExit("the runs did not start")
    say = [[asker, wanted[n % len(wanted)]] for n, asker in enumerate(askers)]
    slack = [[f"C{n:04}", wanted[n % len(wanted)].removeprefix("/")] for n in range(chosen.slack)]
    computing = asyncio.create_task(computed(samples := []))
    began = (await chat.told({"say": say}))["at"]["now"]
    await chat.told({"slash": slack})
    told = time.monotonic()

    def ended(seen: dict[str, Any]) -> bool:
        finals = [text for text in seen["shown"].values() if "Asking" not in text]
        on_slack = [text for _, text in seen["slack"].values() if "Asking" not in text]
        return len(finals) == everybody and len(on_slack) == chosen.slack

    seen = await until(chat, ended, FINALS_WITHIN_S)
    computing.cancel()
    first: dict[int, float] = {}
    for method, where, at, status, _ in seen["calls"]:
        if method == "sendMessage" and status == 200 and where in set(askers):
            first.setdefault(where, at - began)
    used = [cpu for at, cpu in samples if at <= max(first.values(), default=0.0)]
    return seen | {
        "computed": used[-1] if used else 0.0,
        "first": sorted(first.values()),
        "took": time.monotonic() - told,
        "ended": ended(seen),
    }


async def computed(samples: list[tuple[float, float]]) -> None:
    """Note from time to time how long this process has computed since it was asked to begin."""
    at, cpu = time.monotonic(), time.process_time()
    while True:
        samples.append((time.monotonic() - at, time.process_time() - cpu))
        await asyncio.sleep(0.02)


async def until(chat: ChatProcess, done: Any, within_s: float) -> dict[str, Any]:
    """Look now and then, without being in the way, and return what was seen when `done` or out of time."""
    deadline = time.monotonic() + within_s
    while True:
        await asyncio.sleep(1.0)
        seen = await chat.told({"report": True})
        if done(seen) or time.monotonic() > deadline:
            return seen


def p99(figures: list[float]) -> float:
    return statistics.quantiles(figures, n=100, method="inclusive")[98] if len(figures) > 1 else sum(figures)


def shown(label: str, figure: float, limit: float, unit: str, reference: str = "") -> None:
    met = "met" if figure <= limit else "MISSED"
    print(f"{label:<46} {figure:>8.3f} {unit:<2} {limit:>8.2f} {unit:<2}  {met:<7}{reference}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chats", type=int, default=200)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--groups", type=int, default=50, help="how many of the chats are groups")
    parser.add_argument("--slack", type=int, default=60)
    parser.add_argument("--members", type=int, default=2)
    parser.add_argument("--scale", type=float, default=20.0)
    parser.add_argument("--latency", type=float, default=2.0)
    chosen = parser.parse_args()
    with (
        model_server(chosen.latency) as base_url,
        chat_process(chosen.scale) as chat,
        tempfile.TemporaryDirectory() as folder,
    ):
        os.environ["TELEGRAM_BOT_TOKEN"] = chat.telegram_token
        os.environ["SLACK_BOT_TOKEN"], os.environ["SLACK_APP_TOKEN"] = chat.bot_token, chat.app_token
        found = asyncio.run(measured(chat, base_url, Path(folder), chosen))
    print(f"{chosen.chats} chats ask at once, {chosen.runs} runs in flight, {chosen.scale:g} times as fast")
    own = (chosen.chats - A_SECOND) / A_SECOND / chosen.scale
    shown(
        "first answer in Telegram, p99", p99(found["first"]), GOAL_S, "s", f"  the limit's own: {own:.3f} s"
    )
    ratio = found["computed"] / found["bare"]
    print(f"{'  computed by the service until the last':<46} {found['computed']:>8.3f} s", end="")
    print(f"   {ratio:.2f} of the bare SDK that posts as many: {found['bare']:.3f} s")
    shown("first answer in Telegram, median", statistics.median(found["first"]), GOAL_S, "s")
    acks = [GOAL_S * 100 if one is None else one for one in found["acks"]]
    shown("acknowledgement in Slack, p99", p99(acks), GOAL_S, "s")
    shown("answers that never came", chosen.chats - len(found["first"]), 0, "")
    shown("platform violations", len(found["violations"]), 0, "")
    shown("calls that Telegram refused as too many", len(found["floods"]), 0, "")
    finals = [text for text in found["shown"].values() if "Asking" not in text]
    lacking = chosen.chats + chosen.runs - len(finals)
    shown("final cards that Telegram did not get", lacking, 0, "")
    on_slack = [text for _, text in found["slack"].values() if "Asking" not in text]
    shown("final cards that Slack did not get", chosen.slack - len(on_slack), 0, "")
    print(f"{'all final cards were there after':<46} {found['took']:>8.1f} s")
    for line in found["violations"][:5]:
        print(f"  {line}")


if __name__ == "__main__":
    main()
