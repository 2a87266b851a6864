"""What happens in a run, as named documents for those who read along."""

from datetime import datetime
from typing import Any

from bot.documents import run_document
from core.domain.ballot import Ballot
from core.domain.events import (
    MemberFinished,
    RunEnded,
    RunEvent,
    RunStarted,
    StageFinished,
    StageStarted,
    VotesCounted,
)


def event_of(event: RunEvent, now: datetime) -> tuple[str, dict[str, Any]]:
    """Return an event's name and document; the last one, `verdict`, is the run as `GET /runs/{id}` has it."""
    match event:
        case RunStarted():
            record = event.record
            return "started", {
                "run_id": record.run_id,
                "ticker": record.ticker,
                "as_of": record.as_of.isoformat(),
                "preset": record.preset.value,
                "evidence_sha256": record.evidence_sha256,
                "members": [seat.member for seat in record.voters],
                "resumed": event.resumed,
            }
        case StageStarted():
            return "stage_started", _step(event)
        case StageFinished():
            return "stage", _step(event) | {"done": event.done, "total": event.total}
        case MemberFinished():
            result = event.result
            told: dict[str, Any] = {"run_id": event.run_id, "member": result.member}
            if isinstance(result, Ballot):
                confidence = float(result.confidence)
                return "member", told | {"action": result.action.value, "confidence": confidence}
            return "member", told | {"action": None, "abstained": result.reason}
        case VotesCounted():
            counts = {action.value: count for action, count in event.counts.items()}
            return "votes", {"run_id": event.run_id, "counts": counts}
        case RunEnded():
            return "verdict", run_document(event.record, now)


def _step(event: StageStarted | StageFinished) -> dict[str, Any]:
    return {
        "run_id": event.run_id,
        "member": event.member,
        "stage": event.stage.value,
        "round": event.round,
    }
