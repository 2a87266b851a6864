"""What is known of chats, kept in memory in place of the store's."""

from datetime import UTC, datetime

from core.domain.chat import ChatOpened, ChatShut, ChatState, KnownChat

AT = datetime(2025, 10, 29, 20, 0, tzinfo=UTC)


class ChatsDouble:
    """As `core.app.known_chats.KnownChats`; `resting` is what rests while a chat is shut."""

    def __init__(self) -> None:
        self.known: dict[str, KnownChat] = {}
        self.moved: dict[str, str] = {}
        self.resting: dict[str, tuple[int, ...]] = {}

    async def get(self, chat_id: str) -> KnownChat | None:
        return self.known.get(chat_id)

    async def earlier(self, chat_id: str) -> tuple[str, ...]:
        return tuple(old for old, new in self.moved.items() if new == chat_id)

    async def shut(self) -> tuple[KnownChat, ...]:
        return tuple(chat for chat in self.known.values() if chat.state.shut)

    async def described(self, chat_id: str, kind: str, title: str) -> None:
        self.known.setdefault(
            chat_id,
            KnownChat(chat_id=chat_id, kind=kind, title=title, state=ChatState.OPEN, changed_at=AT),
        )

    async def was_shut(self, chat_id: str, state: ChatState, reason: str) -> ChatShut:
        before = self.known.get(chat_id)
        self.known[chat_id] = KnownChat(
            chat_id=chat_id, kind="", title="", state=state, reason=reason, changed_at=AT
        )
        new = before is None or not before.state.shut
        return ChatShut(new, reason, self.resting.get(chat_id, ()) if new else ())

    async def was_opened(self, chat_id: str) -> ChatOpened:
        known = self.known.get(chat_id)
        if known is None or not known.state.shut:
            return ChatOpened(known.state if known else None, ())
        self.known[chat_id] = known.model_copy(update={"state": ChatState.OPEN, "reason": None})
        return ChatOpened(known.state, self.resting.get(chat_id, ()))

    async def was_moved(self, old: str, new: str) -> bool:
        first = self.moved.get(old) != new
        self.moved[old] = new
        self.known[old] = KnownChat(
            chat_id=old, kind="", title="", state=ChatState.MOVED, moved_to=new, changed_at=AT
        )
        return first

    async def warn_of_old_ids(self) -> None:
        pass
