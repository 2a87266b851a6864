"""A run that goes on as Slack's plan block, one task a member, where a workspace shows such blocks.

Slack documents no limits of these blocks (its library checks none either), so they are drawn only where
`[slack] plan_blocks` asks for it, and never again once a workspace has refused one.
"""

import hashlib
import logging
from typing import Any

from bot.cards import ProgressCard, ProgressLine
from bot.slack_blocks import Block
from bot.slack_render import SlackMessage, render
from bot.slack_text import clamp, one_line

MOST_TASKS = 48
MAX_TITLE = 200
NOT_SHOWN = frozenset({"invalid_blocks", "invalid_blocks_format", "invalid_arguments", "msg_blocks_too_long"})
"""How Slack refuses a block that it does not know."""
_STATES = {"waiting": "pending", "working": "in_progress", "done": "complete", "failed": "error"}

_log = logging.getLogger(__name__)


class Plans:
    """Whether a workspace shows plans: asked for by the configuration, and not refused so far."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted

    def drawn(self, card: ProgressCard) -> SlackMessage | None:
        """Return the run as a plan, or None where it is to be drawn as everywhere else."""
        return plan_message(card) if self._wanted else None

    def refused(self, code: str) -> bool:
        """Note that Slack refused a message with a plan; True where the plan may be the reason."""
        if code not in NOT_SHOWN:
            return False
        if self._wanted:
            _log.info("Slack does not show plan blocks here (%s); runs are drawn without.", code)
        self._wanted = False
        return True


def plan_message(card: ProgressCard) -> SlackMessage | None:
    """Return a run that goes on as a plan; None where it has no members yet, or more than a plan holds."""
    if not 0 < len(card.lines) <= MOST_TASKS:
        return None
    message = render(card.model_copy(update={"lines": ()}))
    title = one_line(f"{card.title} · {card.subtitle}")
    tasks = [_task(place, line) for place, line in enumerate(card.lines, 1)]
    plan: dict[str, Any] = {"type": "plan", "title": clamp(title, MAX_TITLE) or "Conclave", "tasks": tasks}
    # Slack wants a new id whenever a message is changed.
    mark = hashlib.sha256(repr(plan).encode("utf-8", "surrogatepass")).hexdigest()[:8]
    # The headline and the line below it are in the plan.
    rest = [block for block in message.blocks if block["type"] != "header"][bool(card.subtitle.strip()) :]
    return SlackMessage(message.text, [plan | {"block_id": f"plan-{mark}"}, *rest])


def _task(place: int, line: ProgressLine) -> Block:
    title = clamp(one_line(f"{line.member} · {line.detail}"), MAX_TITLE) or "–"
    return {
        "type": "task_card",
        "task_id": f"member-{place}",
        "title": title,
        "status": _STATES[line.state],
    }
