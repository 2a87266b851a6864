"""Whose token is used where: the one workspace of a bot token, or the many that installed the app."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from slack_bolt.authorization import AuthorizeResult

from bot.cards import Card
from bot.door import ChatGone, Door, MessageRef
from bot.request import Address, Person, Platform
from bot.slack_adapter import LIVE_EDIT_S, SlackDoor
from bot.slack_api import SlackApi
from bot.slack_render import PAGE_SIZE
from bot.slack_requests import Payload, team_of
from core.app.workspaces import Workspaces
from core.clock import Clock
from core.config.settings import Slack
from core.domain.errors import NotFound
from core.domain.installation import Installation

REMEMBERED_S = 60.0
"""For so long a workspace is taken to be what it was; another process may have seen it install or leave."""
MAX_SEEN = 10_000


class SlackTeams(Protocol):
    """The workspaces that a service speaks in."""

    @property
    def door(self) -> Door:
        """The door to any chat of any of them."""
        ...

    async def start(self) -> str:
        """Say as whom and where we are, once Slack has taken the token."""
        ...

    async def door_of(self, body: Payload) -> SlackDoor | None:
        """Return the door to the workspace that a payload comes from; None where the app is not installed."""
        ...

    async def seen(self, body: Payload, *places: str) -> None:
        """Note that these chats and persons belong to the workspace of a payload."""
        ...

    async def own(self, team: str, chats: Sequence[str]) -> tuple[str, ...]:
        """Return those of these chats that belong to a workspace; the same person may be in several."""
        ...

    async def left(self, body: Payload) -> int | None:
        """Forget the workspace of a payload; return how many subscriptions stop, None if unknown."""
        ...

    async def authorize(self, team: str | None) -> AuthorizeResult:
        """Tell the library who we are in a workspace. It gets no token: every call goes through a door.

        Raises:
            NotFound: the app is not installed there.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class OneTeam:
    """The workspace of the bot token in the configuration."""

    def __init__(self, token: str, settings: Slack, clock: Clock) -> None:
        self.door = SlackDoor(SlackApi(token, settings.base_url), clock, plans=settings.plan_blocks)
        self._identity: Payload = {}

    async def start(self) -> str:
        """See `SlackTeams`.

        Raises:
            DeliveryFailed: Slack refuses the token, or cannot be reached.
        """
        self._identity = await self.door.api.call("auth.test", lambda client: client.auth_test())
        return f"{self._identity.get('user')} in {self._identity.get('team')}"

    async def door_of(self, body: Payload) -> SlackDoor | None:
        """See `SlackTeams`."""
        return self.door

    async def seen(self, body: Payload, *places: str) -> None:
        """See `SlackTeams`; all places are in the one workspace."""

    async def own(self, team: str, chats: Sequence[str]) -> tuple[str, ...]:
        """See `SlackTeams`."""
        return tuple(chats)

    async def left(self, body: Payload) -> int | None:
        """See `SlackTeams`; the next call will show that the token is no longer good."""
        return None

    async def authorize(self, team: str | None) -> AuthorizeResult:
        """See `SlackTeams`."""
        return AuthorizeResult(
            enterprise_id=self._identity.get("enterprise_id"),
            team_id=self._identity.get("team_id"),
            bot_user_id=self._identity.get("user_id"),
            bot_id=self._identity.get("bot_id"),
        )

    async def close(self) -> None:
        """See `SlackTeams`."""
        await self.door.close()


@dataclass
class _Known:
    installation: Installation
    door: SlackDoor
    read_at: float


class ManyTeams:
    """The workspaces in which somebody has installed the app."""

    def __init__(self, settings: Slack, workspaces: Workspaces, clock: Clock) -> None:
        self._client = settings.client_id
        self._base_url = settings.base_url
        self._plans = settings.plan_blocks
        self._workspaces = workspaces
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._seen: dict[str, str] = {}
        self.door = TeamsDoor(self.door_at)

    async def start(self) -> str:
        """See `SlackTeams`; each token shows at its first use whether it is good."""
        count = len(await self._workspaces.teams(self._client))
        return f"the app that {count} workspace{'' if count == 1 else 's'} installed"

    async def door_of(self, body: Payload) -> SlackDoor | None:
        """See `SlackTeams`."""
        known = await self._find(team_of(body))
        return known.door if known else None

    async def door_at(self, chat: str) -> SlackDoor:
        """Return the door to the workspace of a chat or person.

        Raises:
            ChatGone: the app is not installed there, or nobody knows where that is.
        """
        team = await self._team_at(chat)
        if team is None:
            raise ChatGone("It is not known in which workspace this chat is; send a command there once.")
        known = await self._find(team)
        if known is None:
            raise ChatGone("The app is no longer installed in the workspace of this chat.")
        return known.door

    async def _team_at(self, chat: str) -> str | None:
        team = self._seen.get(chat) or await self._workspaces.team_of(chat)
        if team is None:
            # Chats from before the app had more than one workspace are those of the first.
            teams = await self._workspaces.teams(self._client)
            team = teams[0] if len(teams) == 1 else None
        return team

    async def own(self, team: str, chats: Sequence[str]) -> tuple[str, ...]:
        """See `SlackTeams`."""
        teams = [await self._team_at(chat) for chat in chats]
        return tuple(chat for chat, found in zip(chats, teams, strict=True) if found == team)

    async def seen(self, body: Payload, *places: str) -> None:
        """See `SlackTeams`."""
        team = team_of(body)
        for place in places:
            if team is None or self._seen.get(place) == team:
                continue
            await self._workspaces.seen(team, place)
            if len(self._seen) >= MAX_SEEN:
                self._seen.clear()
            self._seen[place] = team

    async def installed(self, made: Installation) -> None:
        """Keep a new installation, and speak with its token from now on."""
        await self._workspaces.install(self._client, made)
        if known := self._known.get(made.team):
            known.read_at = float("-inf")

    async def left(self, body: Payload) -> int | None:
        """See `SlackTeams`."""
        team = team_of(body)
        if team is None:
            return None
        paused = await self._workspaces.uninstall(self._client, team)
        if known := self._known.pop(team, None):
            await known.door.close()
        return paused

    async def authorize(self, team: str | None) -> AuthorizeResult:
        """See `SlackTeams`."""
        known = await self._find(team)
        if known is None:
            raise NotFound("The app is not installed in this workspace.")
        made = known.installation
        return AuthorizeResult(
            enterprise_id=made.enterprise, team_id=made.team, bot_user_id=made.bot_user, bot_id=made.bot
        )

    async def close(self) -> None:
        """See `SlackTeams`."""
        for known in self._known.values():
            await known.door.close()

    async def _find(self, team: str | None) -> _Known | None:
        if team is None:
            return None
        known, now = self._known.get(team), self._clock.monotonic()
        if known is not None and now - known.read_at < REMEMBERED_S:
            return known
        found = await self._workspaces.find(self._client, team)
        known = self._known.get(team)  # another task may have been quicker
        if found is None:
            if known is not None:
                del self._known[team]
                await known.door.close()
            return None
        if known is None:
            api = SlackApi(found.token, self._base_url)
            door = SlackDoor(api, self._clock, plans=self._plans)
            known = self._known[team] = _Known(found, door, now)
        elif found.token != known.installation.token:
            known.door.api.use(found.token)
        known.installation, known.read_at = found, now
        return known


class TeamsDoor:
    """The door to the chats of many workspaces: each message goes out with the token of its chat's own."""

    platform: Platform = "slack"
    page_size = PAGE_SIZE
    shows_pictures = True
    shows_work = False

    def __init__(self, door_at: Callable[[str], Awaitable[SlackDoor]]) -> None:
        self._door_at = door_at

    def pace(self, address: Address) -> float:
        """See `Door`."""
        return LIVE_EDIT_S

    def per_minute(self, address: Address) -> int | None:
        """See `Door`; each workspace's own door counts its edits."""
        return None

    def per_second(self) -> float | None:
        """See `Door`; Slack counts each workspace for itself."""
        return None

    async def working(self, address: Address) -> float | None:
        """See `SlackDoor.working`."""
        return await (await self._door_at(address.chat)).working(address)

    async def send(
        self, address: Address, card: Card, *, only_for: Person | None = None, silent: bool = False
    ) -> MessageRef:
        """See `SlackDoor.send`."""
        door = await self._door_at(address.chat)
        return await door.send(address, card, only_for=only_for, silent=silent)

    async def edit(self, ref: MessageRef, card: Card) -> None:
        """See `SlackDoor.edit`."""
        await (await self._door_at(ref.address.chat)).edit(ref, card)

    async def send_file(
        self, address: Address, name: str, content: bytes, caption: str, *, silent: bool = False
    ) -> MessageRef:
        """See `SlackDoor.send_file`."""
        door = await self._door_at(address.chat)
        return await door.send_file(address, name, content, caption, silent=silent)
