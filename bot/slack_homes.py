"""Keeping people's own pages up to date: at once when one is opened, and after each run for a week.

A page is brought up to date at most once a minute, and all of them together slower than Slack's rate for it,
so that what people ask for never waits: pages go their own way, beside all messages.
"""

import logging
from functools import partial

from bot.door import ChatGone, DeliveryFailed, Flooded
from bot.front import Common, Front
from bot.request import Address, Person
from bot.slack_home import home_view
from bot.slack_requests import place_of
from bot.slack_workspaces import SlackTeams
from core.clock import Clock
from core.domain.errors import ConclaveError

NEWS_EVERY_S = 5.0
AGAIN_AFTER_S = 60.0
SPACING_S = 1.0
"""views.publish is Tier 4, about 100 a minute: 60 are for news, the rest for who opens a page just now."""
MOST_PAGES = 500
BATCH = 50
_MOST_REMEMBERED = 5_000

Key = tuple[str, str]
"""A person and a workspace."""

_log = logging.getLogger(__name__)


class HomeKeeper:
    """Publishes people's pages in the workspaces `teams`."""

    def __init__(self, front: Front, teams: SlackTeams, clock: Clock) -> None:
        self._front = front
        self._teams = teams
        self._clock = clock
        self._published: dict[Key, float] = {}
        self._due: dict[Key, None] = {}
        self._closed_until = 0.0

    async def opened(self, person: Person, team: str) -> None:
        """Show a person the page that they have just opened, and keep it up to date for a week.

        A stranger's page says how to be let in, and is not kept up to date.

        Raises:
            DeliveryFailed: Slack did not take it.
        """
        known = await self._publish(person, team, None)
        if known:
            await self._front.app.homes.opened(person.id, team)
        else:
            own = Address("slack", person.id.removeprefix("slack:"))
            await self._front.refused(person, own, "stranger: the Home tab")

    async def changed(self, person: Person, team: str) -> None:
        """Show a person at once what they have changed themselves, if their page was opened in our time.

        Trouble ends in the log: after the next run the page is made anew.
        """
        if (person.id, team) not in self._published:
            return
        try:
            await self._publish(person, team, None)
        except (ConclaveError, DeliveryFailed) as error:
            _log.info("A changed page was not shown: %s", error)

    async def keep(self) -> None:
        """Bring pages up to date after runs, until cancelled; trouble ends in the log."""
        homes = self._front.app.homes
        seen = None
        begun = False
        while True:
            try:
                finished = await homes.last_finished()
                if begun and finished != seen:
                    self._due |= dict.fromkeys(await homes.readers(MOST_PAGES))
                seen, begun = finished, True
                await self._round()
            except ConclaveError as error:
                _log.warning("Pages in Slack are not brought up to date: %s", error)
            except Exception:  # noqa: BLE001 - the end of a task: nobody else would see it
                _log.exception("Pages in Slack could not be brought up to date")
            await self._clock.sleep(NEWS_EVERY_S)

    async def _round(self) -> None:
        """Bring those pages up to date whose minute is over; the others stay due."""
        now = self._clock.monotonic()
        if now < self._closed_until:
            return
        ready = [key for key in self._due if now - self._published.get(key, -AGAIN_AFTER_S) >= AGAIN_AFTER_S]
        common = await self._front.common() if ready else None
        for key in ready[:BATCH]:
            self._due.pop(key, None)
            try:
                await self._publish(Person(key[0], ""), key[1], common)
            except Flooded as flood:
                self._due.setdefault(key)
                self._closed_until = self._clock.monotonic() + flood.retry_after_s
                return
            except ChatGone:
                await self._front.app.homes.forget(*key)
            except DeliveryFailed as error:
                _log.info("Slack did not take a page: %s", error)
            await self._clock.sleep(SPACING_S)

    async def _publish(self, person: Person, team: str, common: Common | None) -> bool:
        """Make and publish a page; False for a stranger's."""
        door = await self._teams.door_of({"team_id": team})
        if door is None:
            raise ChatGone(f"there is no workspace {team} any more")
        page, place = await self._front.home(person, common, partial(self._teams.own, team))
        key = (person.id, team)
        self._published.pop(key, None)
        self._published[key] = self._clock.monotonic()
        while len(self._published) > _MOST_REMEMBERED:
            self._published.pop(next(iter(self._published)))
        await door.publish(person.id.removeprefix("slack:"), home_view(page, place_of(place)))
        return page.leaderboard is not None
