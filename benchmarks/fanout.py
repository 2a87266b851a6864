"""One alert to 10,000 Telegram chats at the limit of the whole bot, with digests due beside it.

    python -m benchmarks.fanout [--chats 10000] [--digests 300] [--scale 1]

The whole service, as `conclave serve` runs it, claims the slots of subscriptions on SQLite and posts them
through the real SDK to the strict loopback Telegram, a process of its own that takes 30 messages a second.
One chat in a hundred has blocked the bot, one in a hundred answers once that it must wait. People ask for
something meanwhile. The time is that until the last alert; the digests, which are made one by one, come after
it. With `--scale` waits are scaled: so many seconds of every rate limit pass in one second, on both sides,
and the work must be done as much faster. The reference is the time that the limit itself needs for as many
messages; at scale 1 it is over five minutes.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import multiprocessing
import os
import resource
import signal
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from benchmarks._chat_process import ChatProcess, chat_process
from benchmarks._paced_clock import PacedClock
from core.app.app import App
from core.app.assemble import open_app
from core.clock import SystemClock
from core.config.loading import settings_from
from core.domain.alert import Alert, AlertKind
from core.domain.subscription import WEEKDAYS, AtTime, ChatTerms, Planned, Topic, Wanted

A_SECOND = 30
GOAL, LIMIT_MB = 1.05, 200.0
WAIT_S = 20
ASKERS = 20
Json = dict[str, Any]


def settings(chat: ChatProcess, file: Path) -> Any:
    people = [{"id": f"telegram:{900_001 + n}", "role": "runner"} for n in range(ASKERS + 1)]
    tree = {
        "store": {"url": f"sqlite+aiosqlite:///{file}"},
        "market": {"prices": ["sample"]},
        "access": {"people": people},
        "telegram": {"base_url": chat.telegram},
    }
    return settings_from(tree, {}, name="benchmark")


def fill(file: Path, chats: int, digests: int) -> None:
    """Subscribe every chat to alerts, and the last ones to a digest that is due already."""
    from benchmarks.schedule import COLUMNS, insert, moment

    now = SystemClock().now()
    born, terms = moment(now), ChatTerms().model_dump_json()
    alerts = Wanted(topic=Topic.ALERTS).model_dump_json()
    wish = Wanted(topic=Topic.DIGEST, when=AtTime(days=WEEKDAYS, at=now.time().replace(second=0)))
    by = f"telegram:{900_001 + ASKERS}"
    subscribed = [(n, "telegram", str(n), "alerts", alerts, "active", by, born) for n in range(1, chats + 1)]
    timed = [
        (chats + n, "telegram", str(chats + 1 - n), "digest", wish.model_dump_json(), "active", by, born)
        for n in range(1, digests + 1)
    ]
    due = [
        (one[0], f"{now:%Y-%m-%dT%H:%MZ}", True, born, born, "[]", "due", 0, False, 0, False, "[]")
        for one in timed
    ]
    tables = {
        "subscriptions": subscribed + timed,
        "chat_terms": [(f"telegram:{n}", terms, born) for n in range(1, chats + 1)],
        "slots": due,
    }
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("BEGIN")
        for table, rows in tables.items():
            database.executemany(insert(table, COLUMNS[table]), rows)
        database.execute("COMMIT")


async def alarm(app: App) -> None:
    """Let something happen that all chats want to hear of."""
    now = SystemClock().now()
    alert = Alert(key="alert:bench", kind=AlertKind.MODEL_DOWN, at=now, members=("claude",), reason="timeout")
    planned = Planned(key=alert.key, at=now, due_at=now)
    await app._store.alerts.add([alert], lambda *_: planned)


async def measured(chat: ChatProcess, file: Path, chosen: argparse.Namespace) -> Json:
    from bot.serve import serve

    await (await open_app(settings(chat, file))).close()
    # In a process of its own, whose memory is not what is measured.
    filling = multiprocessing.get_context("spawn").Process(
        target=fill, args=(file, chosen.chats, chosen.digests)
    )
    filling.start()
    await asyncio.to_thread(filling.join)
    app = await open_app(settings(chat, file))
    app.clock = PacedClock(chosen.scale)
    await alarm(app)
    service = asyncio.create_task(serve(app, lambda _: None))
    try:
        return await posted(chat, chosen)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        await service
        await app.close()


async def posted(chat: ChatProcess, chosen: argparse.Namespace) -> Json:
    """Let people ask now and then until everything was posted, or it takes three times too long."""
    wanted = chosen.chats - len(chosen.closed) + chosen.digests - chosen.digests_closed
    until = asyncio.get_running_loop().time() + 3 * wanted / A_SECOND / chosen.scale + 20
    asked: list[list[float]] = []
    while asyncio.get_running_loop().time() < until:
        if len(asked) < ASKERS:
            asker = 900_001 + len(asked)
            asked.append([asker, (await chat.told({"say": [[asker, "/whoami"]]}))["at"]["now"]])
        await asyncio.sleep(2.0)
        if (await chat.told({"count": "sendMessage"}))["count"] >= wanted + len(asked):
            break
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (await chat.told({"report": True})) | {"asked": asked, "memory": memory_mb}


def shown(label: str, figure: float, limit: float, unit: str, note: str = "") -> None:
    met = "met" if figure <= limit else "MISSED"
    print(f"{label:<46} {figure:>9.3f} {unit:<2} {limit:>9.2f} {unit:<2}  {met:<7}{note}")


def tell(found: Json, chosen: argparse.Namespace) -> None:
    askers = {asker for asker, _ in found["asked"]}
    sent = [one for one in found["calls"] if one[0] == "sendMessage" and one[3] == 200]
    posts = [one for one in sent if one[1] not in askers]
    alerts = [one for one in posts if one[4].startswith(chosen.sign)]
    digests = [one for one in posts if not one[4].startswith(chosen.sign)]
    on_time = [one for one in alerts if one[1] not in chosen.flooded]
    last = on_time[-1][2]
    took = last - posts[0][2]
    count = sum(posts[0][2] <= one[2] <= last for one in sent)
    own = count / A_SECOND / chosen.scale
    shown(f"{count:,} messages until the last alert", took / own, GOAL, "", f"  the limit's own: {own:.1f} s")
    print(f"{'  and until the last digest':<46} {posts[-1][2] - posts[0][2]:>9.1f} s")
    early = sum(one[2] < last for one in digests)
    shown("digests that went before an alert", early, 0, "")
    lost = chosen.chats - len(chosen.closed) - len({one[1] for one in alerts})
    shown("alerts that did not arrive", lost, 0, "")
    shown("alerts that arrived twice", len(alerts) - len({one[1] for one in alerts}), 0, "")
    shown("digests that did not arrive", chosen.digests - len(digests) - chosen.digests_closed, 0, "")
    shown("calls that the limit refused", len(found["floods"]), 0, "")
    ignored = 0
    for chat in chosen.flooded:
        calls = [one for one in found["calls"] if one[1] == chat]
        waits = [b[2] - a[2] for a, b in itertools.pairwise(calls) if a[3] == 429]
        ignored += sum(wait < WAIT_S / chosen.scale - 0.01 for wait in waits)
    shown("requests to wait that were ignored", ignored, 0, "")
    first = {one[1]: one[2] for one in reversed(sent) if one[1] in askers}
    waits = [(first[asker] - at) for asker, at in found["asked"] if asker in first]
    shown("answers to people meanwhile, the slowest", max(waits, default=99.0), 1.0, "s")
    shown("peak memory", found["memory"], LIMIT_MB, "MB")
    shown("platform violations", len(found["violations"]), 0, "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chats", type=int, default=10_000)
    parser.add_argument("--digests", type=int, default=300)
    parser.add_argument("--scale", type=float, default=1.0)
    chosen = parser.parse_args()
    chosen.sign = json.loads('"\\ud83d\\udd0c"')
    chosen.closed = list(range(50, chosen.chats + 1, 100))
    chosen.flooded = list(range(25, chosen.chats + 1, 100))
    chosen.digests_closed = sum(chat > chosen.chats - chosen.digests for chat in chosen.closed)
    with chat_process(chosen.scale) as chat, tempfile.TemporaryDirectory() as folder:
        os.environ["TELEGRAM_BOT_TOKEN"] = chat.telegram_token
        chat.tell({"add": chosen.chats, "groups": 0})
        for n in range(ASKERS):
            chat.tell({"person": 900_001 + n})
        chat.tell({"close": chosen.closed, "flood": chosen.flooded, "for": WAIT_S})
        found = asyncio.run(measured(chat, Path(folder) / "fanout.db", chosen))
    print(
        f"one alert to {chosen.chats:,} chats, {chosen.digests} digests, waits {chosen.scale:g} times as fast"
    )
    tell(found, chosen)


if __name__ == "__main__":
    main()
