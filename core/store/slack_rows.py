"""The Slack workspaces that installed the app, installations that go on, and whose chat is whose.

The tables have the shape of the Slack library, but not its code: its writes know nothing of the one writer
that SQLite needs.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Table, delete, desc, func, insert, select, update

from core.domain.installation import Installation
from core.store.database import Database
from core.store.inserting import add_new
from core.store.slack_tables import bots, installations, oauth_states, slack_chats

MAX_STATES = 1000
_MAX_NAME = 200


class SlackWorkspaces:
    """Where the app is installed. `client` is the app's client id; those of other apps are not seen."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def install(self, client: str, made: Installation, at: datetime) -> None:
        """Keep an installation in place of what there was of its workspace."""
        row = {
            "client_id": client,
            "app_id": made.app,
            "enterprise_id": made.enterprise,
            "team_id": made.team,
            "team_name": made.team_name[:_MAX_NAME],
            "bot_token": made.token,
            "bot_id": made.bot,
            "bot_user_id": made.bot_user,
            "bot_scopes": made.scopes,
            "is_enterprise_install": False,
            "installed_at": _plain(at),
        }
        async with self._database.write() as connection:
            for table in (bots, installations):
                await connection.execute(delete(table).where(_of(table, client, made.team)))
            await connection.execute(insert(bots).values(row))
            by = {"user_id": made.installed_by, "token_type": "bot"}
            await connection.execute(insert(installations).values(row | by))

    async def find(self, client: str, team: str) -> Installation | None:
        """Return what is known of a workspace, or None where the app is not installed."""
        query = select(installations).where(_of(installations, client, team))
        async with self._database.read() as connection:
            newest = query.order_by(desc(installations.c.installed_at), desc(installations.c.id)).limit(1)
            row = (await connection.execute(newest)).mappings().first()
        if row is None or not row["bot_token"]:
            return None
        return Installation(
            team=row["team_id"],
            team_name=row["team_name"] or "",
            enterprise=row["enterprise_id"],
            app=row["app_id"],
            bot_user=row["bot_user_id"],
            bot=row["bot_id"],
            token=row["bot_token"],
            scopes=row["bot_scopes"] or "",
            installed_by=row["user_id"],
        )

    async def teams(self, client: str) -> tuple[str, ...]:
        """Return the workspaces that have the app, in order of their ids."""
        query = select(bots.c.team_id).where(bots.c.client_id == client).distinct().order_by(bots.c.team_id)
        async with self._database.read() as connection:
            return tuple((await connection.execute(query)).scalars())

    async def uninstall(self, client: str, team: str) -> bool:
        """Forget a workspace and its token; False where there was none."""
        async with self._database.write() as connection:
            gone = [
                (await connection.execute(delete(table).where(_of(table, client, team)))).rowcount
                for table in (bots, installations)
            ]
        return any(gone)

    async def seen(self, team: str, chat: str, at: datetime) -> None:
        """Note that a chat, or a person, belongs to a workspace; the last word counts."""
        async with self._database.write() as connection:
            if not await add_new(connection, slack_chats, {"chat": chat, "team": team, "at": at}):
                known = update(slack_chats).where(slack_chats.c.chat == chat)
                await connection.execute(known.values(team=team, at=at))

    async def team_of(self, chat: str) -> str | None:
        """Return the workspace of a chat or person, or None where nothing was heard from there."""
        query = select(slack_chats.c.team).where(slack_chats.c.chat == chat)
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalar_one_or_none()

    async def chats_of(self, team: str) -> tuple[str, ...]:
        """Return the chats and persons of a workspace."""
        query = select(slack_chats.c.chat).where(slack_chats.c.team == team).order_by(slack_chats.c.chat)
        async with self._database.read() as connection:
            return tuple((await connection.execute(query)).scalars())

    async def add_state(self, state: str, at: datetime, life: timedelta) -> bool:
        """Keep the state of an installation that begins; False where too many go on already."""
        now = _plain(at)
        async with self._database.write() as connection:
            await connection.execute(delete(oauth_states).where(oauth_states.c.expire_at <= now))
            count = (await connection.execute(select(func.count()).select_from(oauth_states))).scalar_one()
            if count >= MAX_STATES:
                return False
            await connection.execute(insert(oauth_states).values(state=state, expire_at=now + life))
        return True

    async def take_state(self, state: str, at: datetime) -> bool:
        """Use up a state; False where it is unknown, used or expired."""
        taken = delete(oauth_states).where(
            oauth_states.c.state == state, oauth_states.c.expire_at > _plain(at)
        )
        async with self._database.write() as connection:
            return (await connection.execute(taken)).rowcount > 0


def _of(table: Table, client: str, team: str) -> ColumnElement[bool]:
    return (table.c.client_id == client) & (table.c.team_id == team)


def _plain(moment: datetime) -> datetime:
    """Return a moment as the library writes it: in UTC, and without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)
