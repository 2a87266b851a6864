"""A member's memory as text, always in the same order and the same number format."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from core.domain.memory import REFLECTED_AT, Lesson, Memory, PastDecision


def memory_text(memory: Memory, ticker: str) -> str:
    """Return a memory as its member reads it: decisions on the ticker, then lessons from others."""
    decisions = [f"- {line}" for line in map(_decision, memory.decisions)]
    lessons = [f"- {line}" for line in map(_lesson, memory.lessons)]
    parts = [
        *_part(f"your last decisions on {ticker}, newest first", decisions),
        *_part("your lessons from other instruments, newest first", lessons),
    ]
    return "\n".join(parts)


def _part(title: str, lines: Iterable[str]) -> list[str]:
    found = list(lines)
    return [f"{title}:", *found] if found else [f"{title}: none"]


def _decision(past: PastDecision) -> str:
    said = f"{moment(past.decided_at)}: {past.action}, confidence {past.confidence:.2f}"
    if past.return_ratio is None or past.earned is None:
        return f"{said}; not settled yet"
    outcome = (
        f"after {REFLECTED_AT} sessions the instrument returned {signed(past.return_ratio)}, "
        f"{signed(past.earned)} in your direction, {against(past.alpha)}"
    )
    return f"{said}; {outcome}" + (f". You wrote: {past.reflection}" if past.reflection else "")


def _lesson(lesson: Lesson) -> str:
    return (
        f"{moment(lesson.decided_at)}, {lesson.ticker}, {lesson.action} ({against(lesson.alpha)}): "
        f"{lesson.text}"
    )


def moment(at: datetime) -> str:
    """Return a moment to the minute in UTC, for instance 2025-10-29 20:00 UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def signed(ratio: Decimal) -> str:
    """Return a fraction in per cent with its sign, for instance +3.21%."""
    return f"{ratio:+z.2%}"


def against(alpha: Decimal | None) -> str:
    """Return an alpha for a sentence."""
    return "alpha unknown" if alpha is None else f"alpha {signed(alpha)}"
