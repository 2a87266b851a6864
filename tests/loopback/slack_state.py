"""What the loopback Slack keeps: messages, modals, channels, envelopes, and its numbers."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

ACK_S = 3.0
POLL_S = 0.004
TRIGGER_S = 3.0
RESPONSE_USES = 5
RESPONSE_S = 30 * 60.0
MAX_VIEWS = 3
MAX_RETRIES = 3
MAX_SOCKETS = 10
TIERS = {
    "apps.connections.open": 20,
    "chat.update": 50,
    "chat.getPermalink": 100,
    "chat.postMessage": 100,
    "chat.postEphemeral": 100,
    "views.open": 100,
    "views.push": 100,
    "views.update": 100,
    "views.publish": 100,
    "conversations.open": 50,
    "files.getUploadURLExternal": 100,
    "files.completeUploadExternal": 100,
    "auth.test": 100,
}  # calls a minute; apps.connections.open is Tier 1, whose bursts are tolerated
SCOPES = {
    "chat.postMessage": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.update": "chat:write",
    "conversations.open": "im:write",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
}  # the right that each method needs of a bot's token; the others need none
EVENT_SCOPES = {
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "message.im": "im:history",
    "app_uninstalled": None,
    "tokens_revoked": None,
}
BOT_USER, BOT_ID, APP_ID, TEAM = "U0CONCLAVE", "B0CONCLAVE", "A0CONCLAVE", "T0LOOPBACK"


@dataclass
class Message:
    """A message as people see it. `revisions` has what it showed before, oldest first."""

    channel: str
    ts: str
    text: str
    blocks: list[Json]
    thread_ts: str | None = None
    user: str | None = None
    ephemeral: bool = False
    files: list[Json] = field(default_factory=list)
    revisions: list[tuple[str, list[Json]]] = field(default_factory=list)

    def show(self, text: str, blocks: list[Json]) -> None:
        self.revisions.append((self.text, self.blocks))
        self.text, self.blocks = text, blocks


@dataclass
class View:
    """An open modal. Each update gives it a new hash."""

    id: str
    user: str
    view: Json
    hash: str

    @property
    def blocks(self) -> list[Json]:
        return list(self.view["blocks"])


@dataclass
class Channel:
    id: str
    joined: bool = True
    archived: bool = False
    team: str = TEAM


@dataclass
class Envelope:
    """What was sent over the socket, and when its acknowledgement came (seconds later)."""

    id: str
    kind: str
    payload: Json
    sent_at: float
    acked: asyncio.Event = field(default_factory=asyncio.Event)
    ack_s: float | None = None
    answer: Json | None = None


@dataclass
class Once:
    user: str
    until: float
    left: int
    about: Message | None = None
    channel: str = ""


@dataclass
class Fault:
    """What the next calls of a method get instead of an answer."""

    error: str = "internal_error"
    status: int = 200
    retry_after: int | None = None
    hang: bool = False
    raw: str | None = None
    times: int = 1
