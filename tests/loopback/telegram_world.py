"""The chats, people and messages behind the Telegram loopback server, and its flood limits."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.loopback.telegram_rules import Entity, Refusal

BOT_ID = 7000000001
QUERY_S = 15.0
"""How long a pressed button may be answered; Telegram names no number, so this is a strict one."""


class Ticker(Protocol):
    """What the flood limits and the age of a pressed button need of a clock."""

    def monotonic(self) -> float: ...


@dataclass(frozen=True)
class User:
    """A person, or another bot."""

    id: int
    name: str = "Alice"
    is_bot: bool = False

    def json(self) -> dict[str, Any]:
        return {"id": self.id, "is_bot": self.is_bot, "first_name": self.name}


@dataclass
class Chat:
    """A place to talk. `refusal` makes every call to it fail, or one; `moved_to` is its supergroup."""

    id: int
    kind: str = "private"
    title: str = ""
    forum: bool = False
    topics: set[int] = field(default_factory=set)
    closed_topics: set[int | None] = field(default_factory=set)
    """Topics that are closed; None is the general one."""
    refusal: Refusal | None = None
    refuse_once: bool = False
    moved_to: int | None = None
    username: str = ""
    members: dict[int, str] = field(default_factory=dict)
    """The status of people in it, and of the bot, where it is not that of a plain member."""
    rights: dict[str, bool] = field(default_factory=dict)
    """What the bot may do beyond its status, such as `can_post_messages`."""

    def json(self) -> dict[str, Any]:
        name = {"first_name": self.title} if self.kind == "private" else {"title": self.title}
        more = {"username": self.username} if self.username else {}
        return {
            "id": self.id,
            "type": self.kind,
            **name,
            **more,
            **({"is_forum": True} if self.forum else {}),
        }


@dataclass
class Shown:
    """A message as people see it."""

    id: int
    chat: int
    text: str
    entities: tuple[Entity, ...] = ()
    buttons: list[list[dict[str, Any]]] = field(default_factory=list)
    thread: int | None = None
    reply_to: int | None = None
    by_bot: bool = True
    file: tuple[str, bytes] | None = None
    edits: int = 0
    silent_preview: bool = True

    def button(self, label: str) -> str:
        """The data of the first button whose label contains `label`."""
        for button in (button for row in self.buttons for button in row):
            if label in button["text"]:
                return str(button["callback_data"])
        raise AssertionError(f"no button {label!r} among {self.buttons}")

    @property
    def labels(self) -> list[str]:
        """What the buttons say, row by row."""
        return [button["text"] for row in self.buttons for button in row]

    def of(self, *kinds: str) -> list[str]:
        """The texts of the entities of these kinds."""
        return [entity.text for entity in self.entities if entity.kind in kinds]


@dataclass(frozen=True)
class Call:
    """One request of the bot; `status` is what it got, `at` is in monotonic seconds."""

    method: str
    params: dict[str, Any]
    at: float
    status: int


@dataclass(frozen=True)
class Answer:
    """An answer to a pressed button."""

    query: str
    text: str
    alert: bool


class Flood:
    """About 30 calls a second in all, 1 a second and chat with a short burst, 20 a minute and group."""

    OVERALL = 30
    GROUP_A_MINUTE = 20
    BURST = 3

    def __init__(self, clock: Ticker) -> None:
        self._clock = clock
        self._all: deque[float] = deque()
        self._groups: defaultdict[int, deque[float]] = defaultdict(deque)
        self._chats: dict[int, tuple[float, float]] = {}
        self._blocked: dict[int, float] = {}
        self.refused: list[int] = []
        """Chat ids of refused calls, in order."""

    def take(self, chat: int) -> None:
        """Count one call for `chat`, or refuse it with the seconds to wait."""
        now = self._clock.monotonic()
        wait = max(self._blocked.get(chat, 0.0) - now, self._overall(now), self._chat(chat, now))
        if wait > 0:
            self._blocked[chat] = max(self._blocked.get(chat, 0.0), now + wait)
            self.refused.append(chat)
            seconds = max(1, int(wait + 0.999))
            raise Refusal(
                f"Too Many Requests: retry after {seconds}",
                code=429,
                parameters={"retry_after": seconds},
                fault=False,
            )
        self._all.append(now)
        if chat < 0:
            self._groups[chat].append(now)
        tokens, since = self._chats.get(chat, (float(self.BURST), now))
        self._chats[chat] = (min(tokens + now - since, self.BURST) - 1, now)

    def _overall(self, now: float) -> float:
        while self._all and self._all[0] <= now - 1:
            self._all.popleft()
        return self._all[0] + 1 - now if len(self._all) >= self.OVERALL else 0.0

    def _chat(self, chat: int, now: float) -> float:
        sent = self._groups[chat]
        while sent and sent[0] <= now - 60:
            sent.popleft()
        if len(sent) >= self.GROUP_A_MINUTE:
            return sent[0] + 60 - now
        tokens, since = self._chats.get(chat, (float(self.BURST), now))
        tokens = min(tokens + now - since, self.BURST)
        return 0.0 if tokens >= 1 else 1 - tokens
