"""The strict loopback Telegram and Slack in a process of their own, so that they cost others nothing.

Reads one JSON command a line and answers each with a line: `add` makes private chats 1 to N, of which the
first `groups` are groups instead, with negative ids; `person` makes one private chat; `say` lets a person
write in each of some chats, all at once, and `slash` in channels of Slack; `close` and `flood` let chats
refuse; `count` and `report` tell what was seen. Times are this process's monotonic seconds.
"""

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from benchmarks._paced_clock import PacedClock
from tests.loopback.slack_server import SlackServer
from tests.loopback.telegram_rules import Refusal
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import Flood, User

Json = dict[str, Any]
OK = 200
CLOSED = "Forbidden: bot was blocked by the user"


class ChatProcess:
    """The other end of such a process."""

    def __init__(self, process: "subprocess.Popen[str]", hello: Json) -> None:
        self._process = process
        self.telegram: str = hello["telegram"]
        self.telegram_token: str = hello["telegram_token"]
        self.slack: str = hello["slack"]
        self.bot_token: str = hello["bot_token"]
        self.app_token: str = hello["app_token"]

    def tell(self, command: Json) -> Json:
        """Send a command and return its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        answer: Json = json.loads(self._process.stdout.readline())
        return answer

    async def told(self, command: Json) -> Json:
        """Do the same without holding up the event loop."""
        return await asyncio.to_thread(self.tell, command)


@contextlib.contextmanager
def chat_process(scale: float) -> Iterator[ChatProcess]:
    """Run the servers, whose limits count seconds that pass `scale` times as fast."""
    command = [sys.executable, "-m", "benchmarks._chat_process", "--scale", str(scale)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    try:
        assert process.stdout is not None
        yield ChatProcess(process, json.loads(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait(timeout=10)


class _World:
    def __init__(self, telegram: TelegramServer, slack: SlackServer, scale: float) -> None:
        self.telegram = telegram
        self.slack = slack
        self.scale = scale
        self.asked: list[asyncio.Task[Any]] = []

    async def do(self, command: Json) -> Json:  # noqa: C901 - one case for each command
        match command:
            case {"add": int(count), "groups": int(groups)}:
                for number in range(1, count + 1):
                    if number <= groups:
                        self.telegram.group(-number)
                    else:
                        self.telegram.private(User(number))
            case {"say": list(said)}:
                return {"at": self.say(said)}
            case {"slash": list(said)}:
                self.asked = [
                    asyncio.create_task(self.slack.slash("/conclave", text, f"U{channel}", channel))
                    for channel, text in said
                ]
            case {"close": list(closed), "flood": list(flooded), "for": int(seconds)}:
                for chat in closed:
                    self.telegram.chats[chat].refusal = Refusal(CLOSED, code=403, fault=False)
                for chat in flooded:
                    self.telegram.flood_next(self.telegram.chats[chat], seconds)
            case {"report": True}:
                return self.report()
            case {"person": int(number)}:
                self.telegram.private(User(number))
            case {"count": str(method)}:
                told = sum(call.method == method and call.status == OK for call in self.telegram.calls)
                return {"count": told}
        return {}

    def say(self, said: list[list[Any]]) -> dict[str, float]:
        loop = asyncio.get_running_loop()
        for chat, text in said:
            self.telegram.say(self.telegram.chats[chat], User(abs(chat)), text)
        return {"now": loop.time()}

    def report(self) -> Json:
        calls = [
            [
                call.method,
                int(call.params.get("chat_id", 0)),
                call.at,
                call.status,
                call.params.get("text", "")[:40],
            ]
            for call in self.telegram.calls
            if "chat_id" in call.params
        ]
        envelopes = [one for one in self.slack.envelopes if one.kind == "slash_commands"]
        return {
            "calls": calls,
            "floods": self.telegram.floods,
            "violations": self.telegram.violations + self.slack.violations,
            "acks": [None if one.ack_s is None else one.ack_s / self.scale for one in envelopes],
            "slack": {m.channel: [m.ts, m.text] for m in self.slack._messages if not m.ephemeral},
            "shown": {
                str(chat): message.text[:60]
                for (chat, _), message in sorted(self.telegram.shown.items())
                if message.by_bot
            },
        }


async def _serve(scale: float) -> None:
    clock = PacedClock(scale)
    async with (
        TelegramServer(flood=Flood(clock)) as telegram,
        SlackServer(limits=True, clock=clock.monotonic) as slack,
    ):
        world = _World(telegram, slack, scale)
        hello = {
            "telegram": telegram.base_url,
            "telegram_token": telegram.token,
            "slack": slack.base_url,
            "bot_token": slack.bot_token,
            "app_token": slack.app_token,
        }
        print(json.dumps(hello), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(await world.do(json.loads(line))), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    asyncio.run(_serve(parser.parse_args().scale))
