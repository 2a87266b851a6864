"""A person in a chat, as far as that is stored: what decides what they may do there, and how it reads."""

from typing import NamedTuple

from core.domain.chat import ChatState
from core.domain.people import Grant
from core.domain.subscription import ChatTerms


class AtPlace(NamedTuple):
    """What is stored of a person in a chat.

    `grants` are those that may hold there, of its threads too; `earlier` the ids that the chat had before;
    `terms` are None where their row is damaged. `state` is None where nothing is known of the chat, and
    `moved_to` the id that it has now, if another one.
    """

    grants: tuple[Grant, ...]
    earlier: tuple[str, ...]
    terms: ChatTerms | None
    state: ChatState | None = None
    moved_to: str | None = None
