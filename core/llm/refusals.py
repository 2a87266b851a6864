"""From an endpoint's refusal to the failure that says how to react."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

from core.domain.errors import (
    AuthenticationFailed,
    BadModelRequest,
    ModelFailure,
    ModelForbidden,
    ModelRateLimited,
    ModelServerFailed,
    ModelTimeout,
    OutOfCredit,
)
from core.domain.usage import NOTHING_SPENT, Spend

_QUOTA_USED_UP = "insufficient_quota"
_MODERATION = ("moderation", "flagged")
_TELLING_FIELDS = ("error", "message", "detail", "msg", "loc", "param", "code", "type", "metadata", "raw")


def failure_of_status(
    status: int,
    sentence: str,
    *,
    spent: Spend = NOTHING_SPENT,
    retry_after_s: float | None = None,
    code: str = "",
) -> ModelFailure:
    """Return the failure for an HTTP status of 400 or more.

    OpenAI says "no credit" as 429 with the code `insufficient_quota`; waiting does not mend that.
    """
    match status:
        case 401:
            return AuthenticationFailed(sentence, spent=spent)
        case 403:
            return ModelForbidden(sentence, spent=spent)
        case 402:
            return OutOfCredit(sentence, spent=spent, retry_after_s=retry_after_s)
        case 429 if code == _QUOTA_USED_UP:
            return OutOfCredit(sentence, spent=spent, retry_after_s=retry_after_s)
        case 429:
            return ModelRateLimited(sentence, spent=spent, retry_after_s=retry_after_s)
        case 408:
            return ModelTimeout(sentence, spent=spent)
        case _ if status >= 500:  # noqa: PLR2004 - the HTTP class of server errors
            return ModelServerFailed(sentence, spent=spent)
        case _:
            return BadModelRequest(sentence, spent=spent)


def is_moderation(complaint: str) -> bool:
    """Say whether a 403 is about what the prompt says (OpenRouter's moderation), and not about the key."""
    return any(word in complaint.lower() for word in _MODERATION)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that `Retry-After` asks for (RFC 9110, 10.2.3: seconds or a date), or None."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
    return max(seconds, 0.0) if isfinite(seconds) else None


def message_of(body: object) -> str:
    """Return what an error body says, whichever of the usual shapes it has; "" when it says nothing."""
    if isinstance(body, str):
        return body
    if isinstance(body, list):
        return "; ".join(filter(None, map(message_of, body)))
    if isinstance(body, dict):
        for field in ("error", "message", "detail", "msg"):
            if said := message_of(body.get(field)):
                return said
    return ""


def code_of(body: object) -> str:
    """Return the error's `code`, or its `type`, as text; "" when there is none."""
    if not isinstance(body, dict):
        return ""
    inner = body.get("error")
    fields = inner if isinstance(inner, dict) else body
    return str(fields.get("code") or fields.get("type") or "")


def complaint_of(body: object) -> str:
    """Return all that an error body says about the request, without what it echoes of the request."""
    if isinstance(body, dict):
        return " ".join(complaint_of(body[field]) for field in _TELLING_FIELDS if field in body)
    if isinstance(body, list):
        return " ".join(map(complaint_of, body))
    return str(body or "")
