"""Old evidence asked again, and prompts built from a record, as JSON documents."""

from datetime import datetime
from typing import Any

from bot.documents import run_document
from core.domain.ballot import Ballot, MemberResult
from core.domain.rebuilt import RebuiltRun
from core.domain.rerun import Rerun

Document = dict[str, Any]


def rerun_document(found: Rerun, now: datetime) -> Document:
    """Return both runs whole, and what each member said then and now; null where it was not asked.

    `flipped` are those with a ballot in both, and another action. `same_verdict` is false as well where one
    of the runs has none. `roles_changed` is null where that is not known.
    """
    runs = (found.original, found.again)
    decisions = [run.verdict.decision if run.verdict else None for run in runs]
    return {
        "ticker": found.original.ticker,
        "as_of": found.original.as_of.isoformat(),
        "evidence_sha256": found.again.evidence_sha256,
        "same_verdict": decisions[0] is not None and decisions[0] is decisions[1],
        "asked_twice": [one.member for one in found.asked_twice],
        "flipped": [one.member for one in found.flipped],
        "roles_changed": found.roles_changed,
        "members": [
            {
                "member": one.member,
                "then": _result(one.then),
                "now": _result(one.now),
                "flipped": one.flipped,
            }
            for one in found.members
        ],
        "original": run_document(found.original, now),
        "rerun": run_document(found.again, now),
    }


def _result(result: MemberResult | None) -> Document | None:
    if result is None:
        return None
    used = {"cost_usd": f"{result.spend.cost_usd:f}", "latency_ms": result.latency_ms}
    if not isinstance(result, Ballot):
        return {"action": None, "reason": result.reason, **used}
    return {
        "action": result.action.value,
        "rating": result.rating.value,
        "confidence": float(result.confidence),
        **used,
    }


def rebuilt_document(found: RebuiltRun) -> Document:
    """Return what came of building the prompts of a run again."""
    return {
        **found.model_dump(mode="json", exclude={"members"}),
        "clean": found.clean,
        "prompts": found.prompts,
        "same": found.same,
        "members": [one.model_dump(mode="json") for one in found.members],
    }
