"""From what the SDK raises to our failures, with nothing of the SDK's exceptions kept.

The SDK's exceptions hold the request and so the key: none of them may become the cause of ours.
"""

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from core.domain.errors import ModelFailure, ModelServerFailed, ModelTimeout
from core.domain.usage import Spend
from core.llm.redact import plain_words
from core.llm.refusals import code_of, complaint_of, failure_of_status, is_moderation, message_of, retry_after

if TYPE_CHECKING:
    from openai import APIStatusError

ONE_CALL = Spend(calls=1)
_REFUSED, _FORBIDDEN = 400, 403
_MAY_BE_DIALECT = {400, 404, 415, 422}


class Rejected(NamedTuple):
    """A refused request: the failure it is, and what the endpoint said against the request's form."""

    failure: ModelFailure
    complaint: str


def late(who: str, timeout_s: float) -> ModelFailure:
    """Return the failure of a request that took longer than `timeout_s` seconds."""
    return ModelTimeout(f"{who} did not answer within {timeout_s:g} s", spent=ONE_CALL)


def unreached(error: Exception, who: str, timeout_s: float, secret: str) -> ModelFailure:
    """Return the failure of a request without a response.

    The SDK calls a refused connection a timeout, too; only the root of `error` tells them apart.
    """
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
        if isinstance(cause, TimeoutError):
            return late(who, timeout_s)
    said = plain_words(str(cause), secret) or type(cause).__name__
    return ModelServerFailed(f"{who} could not be reached: {said}", spent=ONE_CALL)


def foreign(error: Exception, who: str) -> ModelFailure:
    """Return the failure for an error of a library below the SDK, whose text nobody has vetted."""
    return ModelServerFailed(f"{who} could not be asked ({type(error).__name__})", spent=ONE_CALL)


def rejected(error: "APIStatusError", who: str, secret: str, now: datetime) -> Rejected:
    """Return what a response of status 400 or more means."""
    status, body = error.status_code, error.body
    said = plain_words(message_of(body), secret) or "no reason given"
    complaint = complaint_of(body)
    failure = failure_of_status(
        _REFUSED if status == _FORBIDDEN and is_moderation(complaint) else status,
        f"{who} refused the request ({status}): {said}",
        spent=ONE_CALL,
        retry_after_s=retry_after(error.response.headers, now),
        code=code_of(body),
    )
    return Rejected(failure, complaint if status in _MAY_BE_DIALECT else "")
