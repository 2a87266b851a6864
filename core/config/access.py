"""Who may do what, and how much of it in a day: the section `[access]`."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from core.config.field_types import ChatId, Text
from core.domain.values import Frozen

Runs = Annotated[int, Field(ge=0, le=1_000_000)]
UsdOrZero = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=8, allow_inf_nan=False)]


class AccessChat(Frozen):
    """A chat whose members have a role there, or in one `thread` of it, which Telegram calls a topic.

    `runs_daily` and `usd_daily` take the place of the quota of `[access]` for this chat; 0 is no limit.
    """

    id: ChatId
    role: Literal["viewer", "runner"]
    thread: Text | None = None
    runs_daily: Runs | None = None
    usd_daily: UsdOrZero | None = None

    @model_validator(mode="after")
    def _quota_of_all(self) -> "AccessChat":
        if self.thread is not None and (self.runs_daily, self.usd_daily) != (None, None):
            raise ValueError("a quota is that of the whole chat; give it in an entry without thread")
        return self


class AccessPerson(Frozen):
    """A person with a role everywhere, or in one `chat`, or in one `thread` of that.

    `runs_daily` and `usd_daily` take the place of the quota of `[access]` for this person; 0 is no limit.
    """

    id: ChatId
    role: Literal["viewer", "runner", "admin"]
    chat: ChatId | None = None
    thread: Text | None = None
    runs_daily: Runs | None = None
    usd_daily: UsdOrZero | None = None

    @model_validator(mode="after")
    def _place_fits(self) -> "AccessPerson":
        if self.thread is not None and self.chat is None:
            raise ValueError("a thread is one of a chat; name the chat as well")
        if self.chat is not None and (self.runs_daily, self.usd_daily) != (None, None):
            raise ValueError("a person's quota is that of all chats; give it in an entry without chat")
        return self


class Access(Frozen):
    """Who may do what. Deny by default.

    The quotas count a day of the arena's time zone; 0 is no limit. `invitation_hours` is how long the request
    of a stranger to be let in stays open; with 0 admins are not asked.
    """

    admins: tuple[ChatId, ...] = ()
    invitation_hours: Annotated[int, Field(ge=0, le=720)] = 24
    runs_per_person_daily: Runs = 0
    runs_per_chat_daily: Runs = 0
    usd_per_person_daily: UsdOrZero = Decimal(0)
    usd_per_chat_daily: UsdOrZero = Decimal(0)
    chats: tuple[AccessChat, ...] = ()
    people: tuple[AccessPerson, ...] = ()
