"""What Slack refuses of fields, of a view around them and of plans, with the numbers of its documents."""

import re
from typing import Any

Json = dict[str, Any]

PLACES = {"im", "mpim", "private", "public"}
MAX_TYPED = 3_000
TASK_STATES = {"pending", "in_progress", "complete", "error"}
_FIELD = {"label", "element", "hint", "optional", "dispatch_action"}
_KNOWN = {
    "plain_text_input": {"initial_value", "multiline", "min_length", "max_length", "placeholder"},
    "datepicker": {"initial_date", "placeholder", "confirm"},
    "timepicker": {"initial_time", "timezone", "placeholder", "confirm"},
    "conversations_select": {
        "initial_conversation",
        "default_to_current_conversation",
        "response_url_enabled",
        "filter",
        "placeholder",
        "confirm",
    },
}
IN_FIELDS = {*_KNOWN, "static_select"}
IN_ROWS = {"datepicker", "timepicker", "conversations_select"}


def field_errors(check: Any, block: Json, where: str, *, view: bool) -> None:
    """Note what is wrong with an input block."""
    check.need(view, "unsupported type", f"{where}/type")
    check.need(set(block) <= _FIELD | {"type", "block_id"}, "no additional properties allowed", where)
    check.text(block.get("label"), 2_000, f"{where}/label", {"plain_text"})
    if "hint" in block:
        check.text(block["hint"], 2_000, f"{where}/hint", {"plain_text"})
    element = block.get("element")
    if not isinstance(element, dict) or element.get("type") not in IN_FIELDS:
        check.errors.append(f"unsupported type [json-pointer:{where}/element/type]")
        return
    check.element(element, f"{where}/element", field=True)


def element_errors(check: Any, element: Json, where: str, *, field: bool) -> None:
    """Note what is wrong with an element that only forms have."""
    kind = element["type"]
    check.identifier(element.get("action_id"), f"{where}/action_id")
    known = {"type", "action_id", "focus_on_load"} | _KNOWN[kind]
    check.need(set(element) <= known, "no additional properties allowed", where)
    if "placeholder" in element:
        check.text(element["placeholder"], 150, f"{where}/placeholder", {"plain_text"})
    match kind:
        case "plain_text_input":
            longest = element.get("max_length", MAX_TYPED)
            check.need(1 <= longest <= MAX_TYPED, "must be 1 to 3000", f"{where}/max_length")
            if "initial_value" in element:
                check.string(element["initial_value"], longest, f"{where}/initial_value")
        case "datepicker":
            _shaped(check, element.get("initial_date"), r"\d{4}-\d\d-\d\d", f"{where}/initial_date")
        case "timepicker":
            _shaped(check, element.get("initial_time"), r"([01]\d|2[0-3]):[0-5]\d", f"{where}/initial_time")
        case "conversations_select":
            _conversations(check, element, where, field=field)


def _conversations(check: Any, element: Json, where: str, *, field: bool) -> None:
    chosen = element.get("initial_conversation")
    _shaped(check, chosen, r"[CGD][A-Z0-9]+", f"{where}/initial_conversation")
    check.need(field or not element.get("response_url_enabled"), "only in input blocks", where)
    include = (element.get("filter") or {}).get("include")
    if "filter" in element:
        known = {"include", "exclude_external_shared_channels", "exclude_bot_users"}
        check.need(
            set(element["filter"]) <= known and bool(element["filter"]), "invalid filter", f"{where}/filter"
        )
    if include is not None:
        check.need(bool(include) and set(include) <= PLACES, "invalid filter", f"{where}/filter/include")
        wanted = "im" if str(chosen).startswith("D") else "public"
        check.need(
            chosen is None or wanted in include, "not among the choices", f"{where}/initial_conversation"
        )


def _shaped(check: Any, value: Any, form: str, where: str) -> None:
    right = value is None or (isinstance(value, str) and re.fullmatch(form, value, re.ASCII))
    check.need(bool(right), "has a wrong form", where)


def plan_errors(check: Any, block: Json, where: str, *, view: bool) -> None:
    """Note what is wrong with a plan and its tasks."""
    check.need(not view, "unsupported type", f"{where}/type")
    check.need(
        set(block) <= {"type", "block_id", "title", "tasks"}, "no additional properties allowed", where
    )
    check.string(block.get("title"), 256, f"{where}/title")
    tasks = block.get("tasks", [])
    check.need(
        isinstance(tasks, list) and len(tasks) <= 50, "no more than 50 items allowed", f"{where}/tasks"
    )
    seen: set[str] = set()
    for place, task in enumerate(tasks):
        at = f"{where}/tasks/{place}"
        known = {"type", "block_id", "task_id", "title", "status", "details", "output", "sources"}
        check.need(task.get("type") == "task_card" and set(task) <= known, "must be a task_card", at)
        check.identifier(task.get("task_id"), f"{at}/task_id")
        check.need(task.get("task_id") not in seen, "task_id already exists", at)
        seen.add(str(task.get("task_id")))
        check.string(task.get("title"), 256, f"{at}/title")
        check.need(task.get("status") in TASK_STATES, "must be an expected value", f"{at}/status")


def surface_error(view: Json, kind: str) -> str | None:
    """Return why a view of this kind would be refused apart from its blocks, or None."""
    if view.get("type") != kind:
        return f"must be a {kind} [json-pointer:/view/type]"
    only_modals = {"title", "submit", "close", "clear_on_close", "notify_on_close"} & set(view)
    if kind == "home" and only_modals:
        return f"no additional properties allowed: {sorted(only_modals)} [json-pointer:/view]"
    blocks = view.get("blocks") if isinstance(view.get("blocks"), list) else []
    fields = any(isinstance(block, dict) and block.get("type") == "input" for block in blocks)
    if kind == "modal" and fields and "submit" not in view:
        return "a submit is required when an input block is within blocks [json-pointer:/view/submit]"
    return None
