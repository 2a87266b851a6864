"""The use cases of a chat platform on which many workspaces install our app, each with a token of its own."""

import secrets
from datetime import timedelta

from core.clock import Clock
from core.domain.installation import Installation
from core.store.store import Store

STATE_LIFE = timedelta(minutes=10)
PLATFORM = "slack"
UNINSTALLED = "The app was removed from this workspace."


class Workspaces:
    """Where the app is installed. `client` is the app's client id; those of other apps are not seen."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._rows = store.workspaces
        self._subscriptions = store.subscriptions
        self._clock = clock

    async def install(self, client: str, made: Installation) -> None:
        """Keep an installation in place of what there was of its workspace."""
        await self._rows.install(client, made, self._clock.now())

    async def find(self, client: str, team: str) -> Installation | None:
        """Return what is known of a workspace, or None where the app is not installed."""
        return await self._rows.find(client, team)

    async def teams(self, client: str) -> tuple[str, ...]:
        """Return the workspaces that have the app."""
        return await self._rows.teams(client)

    async def uninstall(self, client: str, team: str) -> int | None:
        """Forget a workspace and its token, and pause what its chats subscribed to.

        Returns how many subscriptions those are, or None where there was no such workspace.
        """
        if not await self._rows.uninstall(client, team):
            return None
        paused = 0
        for chat in await self._rows.chats_of(team):
            paused += len(await self._subscriptions.pause_chat(PLATFORM, chat, UNINSTALLED))
        return paused

    async def seen(self, team: str, chat: str) -> None:
        """Note that a chat, or a person, belongs to a workspace."""
        await self._rows.seen(team, chat, self._clock.now())

    async def team_of(self, chat: str) -> str | None:
        """Return the workspace of a chat or person, or None where nothing was heard from there."""
        return await self._rows.team_of(chat)

    async def begin_install(self) -> str | None:
        """Return a state for an installation that begins, good once and for ten minutes.

        None means that too many go on already.
        """
        state = secrets.token_urlsafe(32)
        return state if await self._rows.add_state(state, self._clock.now(), STATE_LIFE) else None

    async def end_install(self, state: str) -> bool:
        """Use up a state; False where it is unknown, used or expired."""
        return await self._rows.take_state(state, self._clock.now())
