"""What people do in the loopback Slack beside writing: open pages, choose shortcuts, send off forms."""

import secrets
from abc import ABC, abstractmethod
from typing import Any

from tests.loopback.slack_rules import view_error
from tests.loopback.slack_state import APP_ID, BOT_ID, Envelope, Json, Message, View
from tests.loopback.slack_web_api import SlackWebApi

_ACTIONS = {"errors", "update", "push", "clear", None}


class SlackPeople(SlackWebApi, ABC):
    """A part of `SlackServer`, which says how what people do reaches the app."""

    @abstractmethod
    async def _send(self, kind: str, payload: Json, **more: Any) -> Envelope:
        """Send an envelope of a kind."""

    @abstractmethod
    async def _acked(self, envelope: Envelope) -> None:
        """Wait until the app has acknowledged it, or Slack's time for that is over."""

    @abstractmethod
    async def _event(self, event: Json) -> Envelope:
        """Send an event."""

    def page_of(self, user: str) -> View | None:
        """The Home tab of a person, None where none was published yet."""
        return self._homes.get(user)

    async def open_home(self, user: str, tab: str = "home") -> Envelope:
        """Somebody opens the app's own page, or with another `tab` its messages."""
        event: Json = {
            "type": "app_home_opened",
            "user": user,
            "channel": f"D{user[1:]}",
            "tab": tab,
            "event_ts": self._ts(),
        }
        if (seen := self.page_of(user)) is not None:
            event["view"] = seen.view | {"id": seen.id, "hash": seen.hash}
        return await self._event(event)

    async def shortcut(self, callback_id: str, user: str) -> Envelope:
        """Somebody chooses a global shortcut."""
        return await self._interactive(self._who("shortcut", user) | {"callback_id": callback_id})

    async def message_shortcut(
        self, callback_id: str, message: Message, user: str, *, ours: bool = True
    ) -> Envelope:
        """Somebody chooses a shortcut of a message; `ours` says whether our app has written that."""
        thread = {"thread_ts": message.thread_ts} if message.thread_ts else {}
        by = {"bot_id": BOT_ID, "app_id": APP_ID} if ours else {"user": "U0SOMEBODY"}
        payload = self._who("message_action", user) | {
            "callback_id": callback_id,
            "message_ts": message.ts,
            "channel": {"id": message.channel, "name": "trading"},
            "message": {"type": "message", "ts": message.ts, "text": message.text, "blocks": message.blocks}
            | by
            | thread,
            "response_url": self._response_url(user, message.channel, None),
        }
        return await self._interactive(payload)

    async def submit(self, view: View, user: str, **entered: str) -> Envelope:
        """Somebody fills in a form and sends it off; fields not named keep what stands in them.

        An empty text clears a field. Like the client, it sends nothing while a field that must be filled in
        is empty, or a value that the form does not offer. What the app answers is applied.
        """
        values, places = self._filled(view, entered)
        payload = self._who("view_submission", user) | {
            "view": view.view
            | {"id": view.id, "hash": view.hash, "team_id": self.acting, "app_id": APP_ID, "bot_id": BOT_ID}
            | {"state": {"values": values}},
            "response_urls": [
                {
                    "block_id": block,
                    "action_id": action,
                    "channel_id": channel,
                    "response_url": self._response_url(user, channel, None),
                }
                for block, action, channel in places
            ],
        }
        envelope = await self._interactive(payload, accepts_response_payload=True)
        if envelope.ack_s is not None:
            self._apply(envelope.answer or {}, view, user)
        return envelope

    def _filled(self, view: View, entered: dict[str, str]) -> tuple[Json, list[tuple[str, str, str]]]:
        values: Json = {}
        places: list[tuple[str, str, str]] = []
        left = dict(entered)
        for block in view.blocks:
            if block["type"] != "input":
                continue
            element, name = block["element"], block["block_id"].partition(".")[0]
            state = _state(element, left.pop(name, None))
            chosen = next((value for key, value in state.items() if key != "type" and value), None)
            assert chosen or block.get("optional"), f"the client asks for {name}"
            values[block["block_id"]] = {element["action_id"]: state}
            if element.get("response_url_enabled") and chosen:
                places.append((block["block_id"], element["action_id"], chosen))
        assert not left, f"the form has no field {sorted(left)}"
        return values, places

    def _apply(self, answer: Json, view: View, user: str) -> None:
        """Do to the open modals what the acknowledgement says."""
        stack = self._views.get(user, [])
        action = answer.get("response_action")
        if action not in _ACTIONS:
            self.violations.append(f"no such response_action: {action}")
        match action:
            case "errors":
                fields = {block["block_id"] for block in view.blocks if block["type"] == "input"}
                told = answer.get("errors") or {}
                wrong = {key: text for key, text in told.items() if key not in fields or not text}
                if wrong or not told:
                    self.violations.append(f"errors under no field: {wrong or told}")
            case "update":
                shown = answer.get("view")
                if refusal := view_error(shown):
                    self.violations.append(f"a form was answered with a broken view: {refusal}")
                    return
                view.view, view.hash = dict(shown or {}), secrets.token_hex(4)
            case "clear":
                self._views.pop(user, None)
            case None:
                self._views[user] = [one for one in stack if one is not view]

    def _who(self, kind: str, user: str) -> Json:
        return {
            "type": kind,
            "token": "verification",
            "action_ts": self._ts(),
            "team": {"id": self.acting, "domain": "loopback"},
            "user": {"id": user, "username": "alice", "name": "alice", "team_id": self.acting},
            "api_app_id": APP_ID,
            "is_enterprise_install": False,
            "enterprise": None,
            "trigger_id": self._trigger(user),
        }

    async def _interactive(self, payload: Json, **more: Any) -> Envelope:
        envelope = await self._send("interactive", payload, **more)
        await self._acked(envelope)
        return envelope


def _state(element: Json, given: str | None) -> Json:
    """Return what Slack tells of a field: what was entered, or what stood there at first."""
    kind = element["type"]
    if kind == "static_select":
        if given is None:
            return {"type": kind, "selected_option": element.get("initial_option")}
        offered = [option for option in element["options"] if option["value"] == given]
        assert offered, f"the menu does not offer {given}"
        return {"type": kind, "selected_option": offered[0]}
    names = {
        "plain_text_input": ("value", "initial_value"),
        "datepicker": ("selected_date", "initial_date"),
        "timepicker": ("selected_time", "initial_time"),
        "conversations_select": ("selected_conversation", "initial_conversation"),
    }
    name, initial = names[kind]
    if given is not None and len(given) > element.get("max_length", 3_000):
        raise AssertionError("the client takes no more signs")
    return {"type": kind, name: (element.get(initial) if given is None else given) or None}
