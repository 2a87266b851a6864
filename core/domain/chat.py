"""What a platform has told of a chat: whether we may post there, and where it has gone."""

from enum import StrEnum
from typing import NamedTuple

from pydantic import AwareDatetime

from core.domain.values import Frozen


class ChatState(StrEnum):
    """Whether a chat takes messages of ours.

    `RESTRICTED`: we are in it, and may not post. `CLOSED`: we were removed or blocked, or it is gone.
    `MOVED`: it has another id now, under which everything goes on.
    """

    OPEN = "open"
    RESTRICTED = "restricted"
    CLOSED = "closed"
    MOVED = "moved"

    @property
    def shut(self) -> bool:
        """Whether nothing is posted there by itself."""
        return self in {ChatState.RESTRICTED, ChatState.CLOSED}


class KnownChat(Frozen):
    """A chat as it was told last. `chat_id` is as `[access]` names it; `kind` and `title` may be empty.

    `reason` says why it is shut, `moved_to` is the chat id that a moved one has now.
    """

    chat_id: str
    kind: str
    title: str
    state: ChatState
    reason: str | None = None
    moved_to: str | None = None
    changed_at: AwareDatetime


class ChatShut(NamedTuple):
    """What came of a chat that was shut. `new` is False where that was known already."""

    new: bool
    reason: str
    paused: tuple[int, ...]


class ChatOpened(NamedTuple):
    """What came of a chat that takes messages. `was` is its state before, None for one never heard of.

    `resumed` are the subscriptions that go on: those that rested because it was shut.
    """

    was: ChatState | None
    resumed: tuple[int, ...]
