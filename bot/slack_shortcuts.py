"""Slack's Home tab, shortcuts and forms: what people open, fill in and send off.

Every payload is acknowledged before any long work. A modal opens within the three seconds that a trigger
lives; what a form says is checked before it is acknowledged, so that errors stand under its fields.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from typing import Any, NamedTuple

from slack_bolt.app.async_app import AsyncApp

from bot.access import Role
from bot.cards import Card, Notice
from bot.commands import find
from bot.door import ChatGone, DeliveryFailed
from bot.faults import notice_of
from bot.front import Front
from bot.request import Address, Person, Request
from bot.slack_adapter import SlackDoor
from bot.slack_api import SlackRefused
from bot.slack_fields import block_of, changed_in, typed_in
from bot.slack_forms import (
    CHANNEL,
    ENTRY,
    SETTINGS,
    SUBSCRIBE,
    RunForm,
    run_form,
    settings_form,
    subscribe_form,
)
from bot.slack_homes import HomeKeeper
from bot.slack_manifest import ASK, EXPLAIN
from bot.slack_modals import View, card_modal, loading_modal, notice_modal
from bot.slack_press import CLOSED_VIEW, laid_on_top, opened
from bot.slack_requests import (
    Payload,
    Pressed,
    person_of,
    place_from,
    place_of,
    pressed,
    sent_of,
    team_of,
    who_of,
    words_of,
)
from bot.slack_workspaces import SlackTeams
from core.domain.errors import Refused

Ack = Callable[..., Awaitable[Any]]
ANSWER_S = 2.0
"""How long a form is checked at most before Slack hears of it."""
SETTLE_S = 0.5
SLOW = "This took too long just now. Send it again in a moment."
NO_ROLE = Notice(text="You have no role in this channel. Send /whoami there, and give an admin its answer.")
_CHAT = re.compile(r"[CGD][A-Z0-9]{2,30}", re.ASCII)
_FORM_NAMES = {SETTINGS: "form: settings", SUBSCRIBE: "form: subscribe"}
_OPEN = re.compile(r"^conclave-form\.open\.")
_FORM = re.compile(r"^conclave-form\.")
_ENTRIES = re.compile(rf"^{re.escape(ENTRY)}\.")

_log = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """What came of a form: what is wrong with its fields, what it shows then, or what happens next."""

    errors: Mapping[str, str] = {}
    view: View | None = None
    then: Coroutine[Any, Any, None] | None = None


class Shortcuts:
    """Listens for what people open and send off; see the module.

    `teams` has the door for a payload, `start` does work in a task of its own and says False where there are
    too many, and `handle` carries out a command that a payload brought.
    """

    def __init__(
        self,
        front: Front,
        keeper: HomeKeeper,
        teams: SlackTeams,
        start: Callable[[Coroutine[Any, Any, object]], bool],
        handle: Callable[[Payload, Request, SlackDoor], Coroutine[Any, Any, None]],
    ) -> None:
        self._front = front
        self._keeper = keeper
        self._teams = teams
        self._start = start
        self._handle = handle

    def listen(self, app: AsyncApp) -> None:
        """Listen to everything of ours; call it before listeners that take whatever is left."""
        app.event("app_home_opened")(self._on_home)
        app.shortcut(ASK)(self._on_ask)
        app.shortcut(EXPLAIN)(self._on_explain)
        app.action(_OPEN)(self._on_open)
        app.action(CHANNEL)(self._on_channel)
        app.action(_ENTRIES)(self._on_entry)
        app.action(_FORM)(_nothing)
        app.view(ASK)(self._on_run_sent)
        app.view(SUBSCRIBE)(self._on_subscription_sent)
        app.view(SETTINGS)(self._on_settings_sent)

    async def _door(self, body: Payload) -> SlackDoor:
        door = await self._teams.door_of(body)
        if door is None:
            raise ChatGone("The app is no longer installed in this workspace.")
        return door

    # What people open.

    async def _on_home(self, body: Payload) -> None:
        event = body.get("event") or {}
        user, team = event.get("user"), body.get("team_id")
        if event.get("tab", "home") == "home" and isinstance(user, str):
            self._start(self._home(person_of(user, None), str(team or "")))

    async def _home(self, person: Person, team: str) -> None:
        try:
            await self._keeper.opened(person, team)
        except SlackRefused as error:
            _log.warning(
                "Slack took no page (%s). Compare the app's manifest with deploy/slack-manifest.yaml.", error
            )

    async def _on_ask(self, ack: Ack, body: Payload) -> None:
        await ack()
        self._start(self._open_run(body, RunFormAsked()))

    def asks(self, request: Request) -> bool:
        """Say whether a slash command is `/run` without anything behind it, for which there is a form."""
        words = request.text.split()
        try:
            return len(words) == 1 and find(words[0]).name == "run"
        except Refused:
            return False

    async def ask(self, body: Payload, request: Request, door: SlackDoor) -> None:
        """Open the form for a slash command; whoever may not run there, and a trigger too old, get words."""
        may_run = await self._front.why_not_run(request.person, request.address) is None
        if not may_run or not await self._open_run(body, RunFormAsked(chat=request.address.chat)):
            await self._handle(body, request, door)

    async def _open_run(self, body: Payload, asked: "RunFormAsked") -> bool:
        person, door = who_of(body), await self._door(body)

        async def made() -> View:
            # Whoever has no role anywhere is told nothing, not even what the committee was asked about.
            known = await self._front.places(person) or asked.chat
            suggested = await self._front.suggested() if known else ()
            chat = asked.chat if asked.chat and asked.chat[0] in "CG" else None
            preset = await self._front.preset(Address("slack", chat)) if chat else None
            return run_form(RunForm(preset, asked.tickers, chat, suggested))

        return await self._shown(body, made(), door)

    async def _shown(self, body: Payload, made: Coroutine[Any, Any, View], door: SlackDoor) -> bool:
        """Open what `made` makes; what goes wrong on the way is a sentence in the modal."""
        trigger = str(body.get("trigger_id") or "")
        _, view = await opened(trigger, _safely(made), lambda view: view, door)
        return view is not None

    async def _on_explain(self, ack: Ack, body: Payload, context: Mapping[str, Any]) -> None:
        await ack()
        self._start(self._explain(body, str(context.get("bot_id") or "")))

    async def _explain(self, body: Payload, bot: str) -> None:
        message, chat = body.get("message") or {}, (body.get("channel") or {}).get("id")
        if not isinstance(chat, str):
            return
        person, address = who_of(body), Address("slack", chat)
        by_app = message.get("app_id") and message.get("app_id") == body.get("api_app_id")
        ours = bool(by_app or (bot and message.get("bot_id") == bot))
        ts = str(message.get("ts") or "")
        metadata = place_of(address, str(message.get("thread_ts") or ts))
        told = self._front.explained(person, address, ts, words_of(message), ours=ours)

        def drawn(card: Card | None) -> View | None:
            return None if card is None else card_modal(card, metadata, post=True)

        trigger = str(body.get("trigger_id") or "")
        await opened(trigger, told, drawn, await self._door(body), metadata)

    async def _on_open(self, ack: Ack, body: Payload) -> None:
        """A button that opens a form, on somebody's page."""
        await ack()
        action = (body.get("actions") or [{}])[0]
        form, value = str(action.get("action_id")).split(".")[2], str(action.get("value") or "")
        value = "" if value == form else value
        if form == "ask":
            self._start(self._open_run(body, RunFormAsked(tickers=value)))
        elif form in {"subscribe", "settings"}:
            callback = SUBSCRIBE if form == "subscribe" else SETTINGS
            self._start(self._open_of_channel(body, callback, value))

    async def _open_of_channel(self, body: Payload, callback: str, chat: str) -> None:
        person, door = who_of(body), await self._door(body)

        async def made() -> View:
            address = Address("slack", chat) if _CHAT.fullmatch(chat) else await self._first(body, door)
            return await self._form(callback, person, address)

        await self._shown(body, made(), door)

    async def _first(self, body: Payload, door: SlackDoor) -> Address:
        """Return the channel that a person most likely means, else the direct message with the app."""
        person, own = who_of(body), partial(self._teams.own, team_of(body) or "")
        places = [one for one in await self._front.places(person, own) if one.address.chat[0] in "CG"]
        if places:
            return max(places, key=lambda place: place.role).address
        return await door.direct(person.id.removeprefix("slack:"))

    async def _form(self, callback: str, person: Person, address: Address, done: str | None = None) -> View:
        """Return the form of a channel as this person may see it."""
        role = await self._front.role(person, address)
        if role is None:
            await self._front.refused(person, address, f"stranger: {_FORM_NAMES[callback]}")
            return notice_modal(NO_ROLE, place_of(address))
        if callback == SETTINGS:
            return settings_form(address, await self._front.terms(address), role, done=done)
        lines = await self._front.lines(address)
        zone = (await self._front.terms(address)).zone
        return subscribe_form(address, lines, zone, may_change=role >= Role.RUNNER, done=done)

    # What people change inside a form.

    async def _on_channel(self, ack: Ack, body: Payload) -> None:
        await ack()
        chosen = (body.get("actions") or [{}])[0].get("selected_conversation")
        if isinstance(chosen, str) and _CHAT.fullmatch(chosen):
            self._start(self._redraw(body, Address("slack", chosen), None))

    async def _on_entry(self, ack: Ack, body: Payload) -> None:
        await ack()
        wanted = pressed(body)
        if wanted is not None:
            self._start(self._entry(body, wanted))

    async def _entry(self, body: Payload, wanted: Pressed) -> None:
        """Pause, resume or delete a subscription, as the same button in a chat does."""
        door = await self._door(body)
        card = await self._front.press(wanted.press, door)
        if card is None:
            return
        if isinstance(card, Notice):
            await laid_on_top(wanted, card, door)
            return
        self._changed(body)
        done = getattr(card, "done", None) or getattr(card, "text", None)
        await self._redraw(body, wanted.press.address, done)

    def _changed(self, body: Payload) -> None:
        """Let the person's page, from which the form was opened, show what they have just changed."""
        self._start(self._keeper.changed(who_of(body), team_of(body) or ""))

    async def _redraw(self, body: Payload, address: Address, done: str | None) -> None:
        view = body.get("view") or {}
        callback = str(view.get("callback_id") or SUBSCRIBE)
        shown = await _safely(self._form(callback, who_of(body), address, done))
        try:
            await (await self._door(body)).update_view(str(view.get("id")), shown)
        except SlackRefused as error:
            if error.code not in CLOSED_VIEW:
                raise

    # What people send off.

    async def _on_run_sent(self, ack: Ack, body: Payload) -> None:
        await self._answer(ack, body, self._run_sent(body))

    async def _run_sent(self, body: Payload) -> Outcome:
        person, door, view = who_of(body), await self._door(body), body.get("view") or {}
        fields = typed_in(view.get("state") or {})
        command, errors = await self._front.run_asked(fields)
        address = await self._chosen(fields, person, door)
        if why := await self._front.why_not_run(person, address):
            errors["chat"] = why
            await self._front.refused(person, address, "form: run", why)
        if errors:
            return Outcome(errors=errors)
        url = next((one.get("response_url") for one in body.get("response_urls") or []), None)
        request = Request(command, address, person, sent_of(body), private=address.chat.startswith("D"))
        return Outcome(then=self._handle(body, request, door.replying(url)))

    async def _chosen(self, fields: Mapping[str, str], person: Person, door: SlackDoor) -> Address:
        chat = fields.get("chat", "")
        # Slack offers only channels that the person sees, and whoever sees a public one may join it.
        if _CHAT.fullmatch(chat):
            return Address("slack", chat)
        return await door.direct(person.id.removeprefix("slack:"))

    async def _on_subscription_sent(self, ack: Ack, body: Payload) -> None:
        await self._answer(ack, body, self._subscription_sent(body))

    async def _subscription_sent(self, body: Payload) -> Outcome:
        person, door, view = who_of(body), await self._door(body), body.get("view") or {}
        address = place_from(str(view.get("private_metadata") or ""))
        if address is None:
            return Outcome(errors={"topic": SLOW})
        command, errors = await self._front.subscription_asked(typed_in(view.get("state") or {}))
        if errors:
            return Outcome(errors=errors)
        await self._teams.seen(body, address.chat)
        card = await self._front.hear(command, person, address, sent_of(body), door)
        if card is None or isinstance(card, Notice):
            return Outcome(errors={"topic": card.text if card else SLOW})
        self._changed(body)
        done = f"{getattr(card, 'title', 'Done')}."
        return Outcome(view=await self._form(SUBSCRIBE, person, address, done))

    async def _on_settings_sent(self, ack: Ack, body: Payload) -> None:
        await self._answer(ack, body, self._settings_sent(body))

    async def _settings_sent(self, body: Payload) -> Outcome:
        person, view = who_of(body), body.get("view") or {}
        address = place_from(str(view.get("private_metadata") or ""))
        if address is None:
            return Outcome(errors={"zone": SLOW})
        errors = await self._front.settle(person, address, changed_in(view))
        if errors:
            return Outcome(errors=errors)
        self._changed(body)
        done = "Saved. What comes by itself follows it from now on."
        return Outcome(view=await self._form(SETTINGS, person, address, done))

    async def _answer(self, ack: Ack, body: Payload, work: Coroutine[Any, Any, Outcome]) -> None:
        """Acknowledge a form with what came of it, or with "Loading…" where that takes longer."""
        task = asyncio.ensure_future(_outcome(work))
        done, _ = await asyncio.wait({task}, timeout=ANSWER_S)
        view = body.get("view") or {}
        if not done:
            if self._start(self._late(task, str(view.get("id")), body)):
                metadata = str(view.get("private_metadata") or "")
                await ack(response_action="update", view=loading_modal(metadata))
                return
            task.cancel()
            await ack(response_action="errors", errors={block_of(view.get("state") or {}, ""): SLOW})
            return
        outcome = task.result()
        if outcome.errors:
            state = view.get("state") or {}
            told = {block_of(state, name): text[:_MAX_ERROR] for name, text in outcome.errors.items()}
            await ack(response_action="errors", errors=told)
        elif outcome.then is not None and not self._start(outcome.then):
            await ack(response_action="errors", errors={block_of(view.get("state") or {}, "tickers"): SLOW})
        elif outcome.view is not None:
            await ack(response_action="update", view=outcome.view)
        else:
            await ack()

    async def _late(self, task: "asyncio.Task[Outcome]", view: str, body: Payload) -> None:
        outcome = await task
        # The acknowledgement goes another way than this call, and must arrive first.
        await self._front.app.clock.sleep(SETTLE_S)
        told = " ".join(outcome.errors.values()) or "The committee is asked."
        shown = outcome.view or notice_modal(Notice(text=told, tone="warning" if outcome.errors else "info"))
        try:
            await (await self._door(body)).update_view(view, shown)
        except DeliveryFailed as error:
            _log.info("Slack did not take the end of a form: %s", error)
        if outcome.then is not None:
            await outcome.then


_MAX_ERROR = 600


class RunFormAsked(NamedTuple):
    """What stands in the form to run at first."""

    tickers: str = ""
    chat: str | None = None


async def _nothing(ack: Ack) -> None:
    """Acknowledge what is chosen in a field: it is read when the form is sent off."""
    await ack()


async def _safely(made: Coroutine[Any, Any, View]) -> View:
    try:
        return await made
    except Exception as error:  # noqa: BLE001 - the boundary, as in the desk
        return notice_modal(notice_of(error, "opening a form"))


async def _outcome(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - the boundary, as in the desk
        return Outcome(errors={"": notice_of(error, "reading a form").text})
