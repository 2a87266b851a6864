"""The fields of Slack's forms: input blocks, inside every limit that Slack sets."""

from collections.abc import Sequence
from typing import Any

from bot.slack_blocks import Block, Element, plain
from bot.slack_text import clamp, one_line

FORM_PREFIX = "conclave-form"
"""How the ids of everything in our forms begin, and of the buttons that open them."""
MAX_LABEL = 200
MAX_HINT = 400
MAX_OPTION = 75
MAX_PLACEHOLDER = 150
MAX_TYPED = 400
# A direct message between other people is none of ours; the one with the app is what no choice means.
_PLACES = {"include": ["public", "private"]}


def field(
    name: str, label: str, element: Element, *, hint: str = "", optional: bool = False, mark: str = ""
) -> Block:
    """Return one labelled field. `mark` tells apart the same field of different chats, see `name_of`."""
    block: Block = {
        "type": "input",
        "block_id": f"{name}.{mark}" if mark else name,
        "label": plain(one_line(label), MAX_LABEL),
        "element": element | {"action_id": f"{FORM_PREFIX}.{name}"},
        "optional": optional,
    }
    return block | ({"hint": plain(one_line(hint), MAX_HINT)} if hint else {})


def name_of(block_id: str) -> str:
    """Return the name of a field from the id of its block."""
    return block_id.partition(".")[0]


def text_input(value: str = "", placeholder: str = "") -> Element:
    """Return a line to type in, of at most 400 signs."""
    element: Element = {"type": "plain_text_input", "max_length": MAX_TYPED}
    if shown := clamp(one_line(value), MAX_TYPED):
        element["initial_value"] = shown
    return element | ({"placeholder": plain(one_line(placeholder), MAX_PLACEHOLDER)} if placeholder else {})


def choice(options: Sequence[tuple[str, str]], value: str) -> Element:
    """Return a menu of values with their labels, up to 100; `value` is chosen where it is among them."""
    made = [{"text": plain(one_line(label), MAX_OPTION), "value": one} for one, label in options[:100]]
    element: Element = {"type": "static_select", "options": made}
    chosen = [option for option in made if option["value"] == value]
    return element | ({"initial_option": chosen[0]} if chosen else {})


def date_input() -> Element:
    """Return a calendar to choose a day from."""
    return {"type": "datepicker", "placeholder": plain("Today", MAX_PLACEHOLDER)}


def time_input(value: str | None) -> Element:
    """Return a clock to choose a time from; `value` is `HH:MM`."""
    clock: Element = {"type": "timepicker", "placeholder": plain("No time", MAX_PLACEHOLDER)}
    return clock | ({"initial_time": value} if value else {})


def place_input(chat: str | None, *, answered: bool = False) -> Element:
    """Return a menu of the channels that a person sees; with `answered`, Slack lets us answer there."""
    here = plain("Direct message with Conclave", MAX_PLACEHOLDER)
    element: Element = {"type": "conversations_select", "filter": _PLACES, "placeholder": here}
    if chat:
        element["initial_conversation"] = chat
    return element | ({"response_url_enabled": True} if answered else {})


def typed_in(state: dict[str, Any]) -> dict[str, str]:
    """Return what a person has entered, by the names of the fields; an empty field is not there.

    Whatever else the state holds, and whatever its shape, is overlooked.
    """
    found: dict[str, str] = {}
    values = state.get("values") if isinstance(state, dict) else None
    for block_id, actions in (values if isinstance(values, dict) else {}).items():
        for one in (actions if isinstance(actions, dict) else {}).values():
            value = _value(one if isinstance(one, dict) else {})
            if isinstance(value, str) and value.strip():
                found[name_of(str(block_id))] = value.strip()[:MAX_TYPED]
    return found


def changed_in(view: dict[str, Any]) -> dict[str, str]:
    """Return what a person has entered in a form, as `typed_in` does, without the menus left as they were.

    What such a menu is about may have been changed elsewhere since the form was opened.
    """
    before = _chosen_at_first(view.get("blocks"))
    entered = typed_in(view.get("state") or {})
    return {name: value for name, value in entered.items() if before.get(name) != value}


def _chosen_at_first(blocks: object) -> dict[str, str]:
    found: dict[str, str] = {}
    for block in blocks if isinstance(blocks, list) else ():
        element = block.get("element") if isinstance(block, dict) else None
        option = element.get("initial_option") if isinstance(element, dict) else None
        value = option.get("value") if isinstance(option, dict) else None
        if isinstance(value, str):
            found[name_of(str(block.get("block_id")))] = value
    return found


def _value(one: dict[str, Any]) -> object:
    option = one.get("selected_option")
    if isinstance(option, dict):
        return option.get("value")
    names = ("value", "selected_conversation", "selected_date", "selected_time")
    return next((one[name] for name in names if one.get(name)), None)


def block_of(state: dict[str, Any], name: str) -> str:
    """Return the id of the block that has this field, for an error under it."""
    values = state.get("values") if isinstance(state, dict) else None
    ids = [str(block_id) for block_id in (values if isinstance(values, dict) else {})]
    return next((one for one in ids if name_of(one) == name), ids[0] if ids else name)
