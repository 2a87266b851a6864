"""What people's own pages, shortcuts and forms ask of the arena, whoever draws them.

Everything is asked for a person and looks at their role itself; whatever a form says may have been written
by hand. What changes something goes the way of a typed command, through the desk.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from bot.access import Role, place_of, role_at
from bot.cards import Card, Notice, SubscriptionLine, SubscriptionsCard
from bot.desk import Desk
from bot.dialogue_buttons import mark_of
from bot.door import Door, MessageRef
from bot.facts import style_at, verdict_of, zone_of
from bot.faults import notice_of
from bot.form_checks import Checked, Fields, read_run, read_subscription, read_terms
from bot.home_page import HomePage
from bot.present.explain import verdict_window
from bot.present.home import LATEST, home_page, stranger_page
from bot.present.notices import stranger_notice
from bot.present.style import read_as
from bot.present.subscriptions import list_card
from bot.request import Address, Person, Platform, Press, Request
from core.app.app import App
from core.domain.books import Leaderboard
from core.domain.errors import ConclaveError
from core.domain.ids import ALPHABET
from core.domain.run import RunRecord, RunState
from core.domain.stage import Preset
from core.domain.subscribed import Listed, TermsShown

_RUN_NAMED = re.compile(rf"\brun ([{ALPHABET}]{{8}})\b", re.IGNORECASE | re.ASCII)
_MOST_NAMED = 3

_log = logging.getLogger(__name__)

NOT_OURS = Notice(
    text="This message is not one of mine. Choose “Explain this verdict” on a verdict that Conclave posted.",
    tone="warning",
)
NO_RUN = Notice(
    text="There is no verdict in this message. Choose one that shows a run, or send /why NVDA.",
    tone="warning",
)


Own = Callable[[Sequence[str]], Awaitable[Sequence[str]]]


class Place(NamedTuple):
    """Where a person has a role, and which."""

    address: Address
    role: Role


class Common(NamedTuple):
    """What stands on everybody's page."""

    board: Leaderboard
    latest: tuple[RunRecord, ...]


class Front:
    """See the module. `desk` carries out what is asked for."""

    def __init__(self, app: App, desk: Desk) -> None:
        self.app = app
        self._desk = desk

    async def handle(self, request: Request, door: Door) -> None:
        """Carry out a command and post its answer; never raises."""
        await self._visited(request.person, request.address)
        await self._desk.handle(request, door)

    async def press(self, press: Press, door: Door) -> Card | None:
        """Return what a button opens, or None where nothing is to be shown; never raises."""
        await self._visited(press.person, press.address)
        return await self._desk.press(press, door)

    async def _visited(self, person: Person, address: Address) -> None:
        """Remember where a person has asked something: what that chat receives stands on their page."""
        if address.chat_id == person.id:
            return  # their own page, which is no chat
        try:
            await self.app.homes.visited(person.id, address.chat_id)
        except ConclaveError as error:
            _log.warning("Where %s asked something was not noted: %s", person.id, error)

    async def role(self, person: Person, address: Address) -> Role | None:
        """Return the role of a person in a chat, None for a stranger."""
        return await role_at(self.app, address, person)

    async def refused(self, person: Person, address: Address, what: str, note: str = "") -> None:
        """Write down that something was refused which goes no command's way."""
        place = address.chat_id, address.thread
        await self.app.people.deeds.note(person.id, *place, what, "refused", note)

    async def places(self, person: Person, own: Own | None = None) -> tuple[Place, ...]:
        """Return where a person has a role: by themselves, and in the chats where they asked something.

        With `own`, which picks those of one workspace out of some chats, the others are left out.
        """
        platform, _, themselves = person.id.partition(":")
        known = [chat.partition(":") for chat in await self.app.homes.places(person.id)]
        chats: Sequence[str] = [chat for where, _, chat in known if where == platform]
        chats = chats if own is None else await own(chats)
        addresses = [Address("slack", chat) for chat in (themselves, *chats)]
        roles = await asyncio.gather(*(self.role(person, address) for address in addresses))
        return tuple(
            Place(address, role) for address, role in zip(addresses, roles, strict=True) if role is not None
        )

    async def common(self) -> Common:
        """Return what stands on everybody's page."""
        return Common(await self.app.leaderboard(), await self.app.homes.latest(LATEST))

    async def home(
        self, person: Person, common: Common | None = None, own: Own | None = None
    ) -> tuple[HomePage, Address]:
        """Return a person's page, and the place in whose name its buttons are pressed.

        `common` is there where many pages are made at the same time; `own` as in `places`.
        """
        places = await self.places(person, own)
        if not places:
            return stranger_page(person.id), Address("slack", person.id.partition(":")[2])
        best = max(places, key=lambda place: place.role)
        chats = [place.address for place in places]
        common = common or await self.common()
        listed = [(chat.chat, await self.subscriptions(chat)) for chat in chats]
        watched = await self.watchlist(chats)
        with read_as(await style_at(self.app, best.address)):
            page = home_page(
                best.role,
                common.board,
                self.app.settings.scores,
                common.latest,
                watched,
                listed,
                zone_of(self.app),
                self.app.clock.now(),
            )
        return page, best.address

    async def watchlist(self, chats: Sequence[Address]) -> tuple[str, ...]:
        """Return the tickers that these chats watch."""
        use = self.app.subscriptions
        lists = await asyncio.gather(*(use.watchlist(chat.chat_id) for chat in chats))
        return tuple(dict.fromkeys(ticker for one in lists for ticker in one))

    async def suggested(self) -> tuple[str, ...]:
        """Return the tickers that a person may mean: the watched ones, then those run last."""
        watched, recent = await self.app.subscriptions.tickers()
        return tuple(dict.fromkeys([*watched, *recent]))

    async def subscriptions(self, chat: Address) -> tuple[Listed, ...]:
        """Return what a chat receives by itself."""
        return await self.app.subscriptions.of_chat(chat.platform, chat.chat)

    async def lines(self, chat: Address) -> tuple[SubscriptionLine, ...]:
        """Return what a chat receives by itself as lines with buttons, written as the chat reads."""
        found = await self.subscriptions(chat)
        with read_as(await style_at(self.app, chat)):
            card = list_card(found, self.app.clock.now(), chat=mark_of(chat))
        return card.lines if isinstance(card, SubscriptionsCard) else ()

    async def terms(self, chat: Address) -> TermsShown:
        """Return the terms of a chat."""
        return await self.app.subscriptions.terms(chat.platform, chat.chat)

    async def preset(self, chat: Address) -> Preset:
        """Return the preset of a run in a chat that names none."""
        return (await self.terms(chat)).preset

    async def explained(
        self, person: Person, address: Address, message: str, words: str, *, ours: bool
    ) -> Card | None:
        """Return the verdict that a message shows, explained, or a sentence; None where all is said.

        `words` is all that the message says, `ours` whether we have posted it.
        """
        try:
            if await self.role(person, address) is None:
                await self.refused(person, address, "stranger: explain a verdict")
                return await self._greeting(person, address)
            with read_as(await style_at(self.app, address)):
                return await self._explained(address, message, words) if ours else NOT_OURS
        except Exception as error:  # noqa: BLE001 - the boundary, as in the desk
            return notice_of(error, "explaining a message")

    async def _explained(self, address: Address, message: str, words: str) -> Card:
        known = await self.app.homes.run_shown(address.platform, address.chat, message)
        named = list(dict.fromkeys(found.lower() for found in _RUN_NAMED.findall(words)))
        if known is None and len(named) > 1:
            told = ", ".join(f"/why {run}" for run in named[:_MOST_NAMED])
            return Notice(text=f"This message tells of several runs. Ask for one of them: {told}.")
        run_id = known or next(iter(named), None)
        if run_id is None:
            return NO_RUN
        record = await self.app.run_record(run_id)
        if record.state is RunState.RUNNING:
            return Notice(
                text=f"The run of {record.ticker} still goes on. Ask again when its verdict is there."
            )
        return verdict_window(await verdict_of(self.app, record), record)

    async def _greeting(self, person: Person, address: Address) -> Notice | None:
        if await self.app.greet_once(place_of(address, person)):
            return stranger_notice(person.id, address.chat_id)
        return None

    async def run_asked(self, fields: Fields) -> Checked:
        """Return the command that the form to ask the committee means, or what is wrong with its fields."""
        return await read_run(fields, await self.suggested(), self.app.clock.now())

    async def subscription_asked(self, fields: Fields) -> Checked:
        """Return the command that the form to subscribe means, or what is wrong with its fields."""
        return await read_subscription(fields, await self.suggested())

    async def settle(self, person: Person, address: Address, fields: Fields) -> dict[str, str]:
        """Set the terms of a chat as its form says, or return what is wrong with its fields."""
        role = await self.role(person, address)
        if role is None or role < Role.RUNNER:
            told = "To change these settings, you need the role runner in that channel."
            await self.refused(person, address, "form: settings", told)
            return {"zone": told}
        if role < Role.ADMIN:
            # The form has this field for admins alone.
            fields = {name: value for name, value in fields.items() if name != "runs_by"}
        shown = await self.terms(address)
        terms, errors = await read_terms(fields, shown.terms, shown.zone)
        if not errors and terms != shown.terms:
            _log.info("%s in %s: settings", person.id, address.chat_id)
            use, before = self.app.subscriptions, shown.terms
            await use.set_terms(address.platform, address.chat, terms, before=before)
            place = address.chat_id, address.thread
            await self.app.people.deeds.note(person.id, *place, "form: settings", "done")
        return errors

    async def greeting(self, person: Person, address: Address) -> Notice | None:
        """Return the one sentence that a stranger hears in a place, None when it was said already."""
        return await self._greeting(person, address)

    async def why_not_run(self, person: Person, address: Address) -> str | None:
        """Say why a person may not start runs in a chat, or None where they may."""
        role = await self.role(person, address)
        needed = Role[(await self.terms(address)).terms.runs_by.upper()]
        if role is None:
            return "You have no role there. Send /whoami there, and give its answer to an admin."
        if role < needed:
            return f"A run there needs the role {needed.title}; you are {role.title}. Choose another place."
        return None

    async def hear(
        self, text: str, person: Person, address: Address, delivery: str, door: Door
    ) -> Card | None:
        """Carry out a command as if the person had typed it in that chat, and return what it answers.

        `door` is the one of the chat, through which nothing is sent.
        """
        heard = _Heard(door)
        await self._visited(person, address)
        await self._desk.handle(Request(text, address, person, delivery), heard)
        return heard.card


class _Heard(Door):
    """A door behind which nobody sees anything: it keeps the answer to one command."""

    def __init__(self, door: Door) -> None:
        self.platform: Platform = door.platform
        self.page_size = door.page_size
        self._door = door
        self.card: Card | None = None

    def pace(self, address: Address) -> float:
        return self._door.pace(address)

    def per_minute(self, address: Address) -> int | None:
        return self._door.per_minute(address)

    async def send(
        self, address: Address, card: Card, *, only_for: Person | None = None, silent: bool = False
    ) -> MessageRef:
        self.card = card
        return MessageRef(address, "heard")

    async def edit(self, ref: MessageRef, card: Card) -> None:
        self.card = card

    async def send_file(
        self, address: Address, name: str, content: bytes, caption: str, *, silent: bool = False
    ) -> MessageRef:
        return MessageRef(address, "heard")
