"""What goes wrong, as one sentence in the form of RFC 9457, and never as a traceback."""

import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

from core.domain.errors import (
    BudgetExceeded,
    ConclaveError,
    ConfigError,
    ModelFailure,
    NoPrices,
    NotAllowed,
    NotFound,
    Refused,
    StoreError,
    UnknownTicker,
    VendorRateLimited,
    VendorTimeout,
    VendorUnreachable,
)
from core.domain.ids import new_id

PROBLEM_JSON = "application/problem+json"
REQUEST_ID = web.RequestKey("request_id", str)
ASKED_BY = web.RequestKey("asked_by", str)
"""Whose token a request has, for the log."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_AWAY = (VendorRateLimited, VendorTimeout, VendorUnreachable)
_STATUS: tuple[tuple[type[ConclaveError], HTTPStatus], ...] = (
    # The first that fits counts, so what is more special comes first.
    (NotFound, HTTPStatus.NOT_FOUND),
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (Refused, HTTPStatus.UNPROCESSABLE_ENTITY),
    (UnknownTicker, HTTPStatus.UNPROCESSABLE_ENTITY),
    (BudgetExceeded, HTTPStatus.PAYMENT_REQUIRED),
    (ModelFailure, HTTPStatus.BAD_GATEWAY),
)
_OF_STATUS = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than what this path takes.",
    HTTPStatus.EXPECTATION_FAILED: "The header Expect may only be 100-continue.",
}

_log = logging.getLogger(__name__)


class Problem(Exception):
    """A request that is not answered as asked; `str` is one sentence for who asked."""

    def __init__(
        self, status: HTTPStatus, sentence: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = dict(headers or {})


def problem_of(error: Exception, request_id: str) -> Problem:
    """Return what to tell about any error; call it while handling that error.

    Of a bug, and of a database that cannot be used, only the log has more than the request's id.
    """
    match error:
        case Problem():
            return error
        case web.HTTPException():
            status = HTTPStatus(error.status)
            return Problem(status, _OF_STATUS.get(status, f"{status.phrase}."))
        case web.RequestPayloadError():
            return Problem(HTTPStatus.BAD_REQUEST, "The body cannot be read.")
        case StoreError():
            _log.warning("http %s: %s", request_id, error)
            return Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "The database cannot be used at the moment; try again.",
                headers={"Retry-After": "5"},
            )
        case NoPrices() if not isinstance(error, UnknownTicker):
            away = any(isinstance(cause, _AWAY) for cause in error.causes)
            status = HTTPStatus.SERVICE_UNAVAILABLE if away else HTTPStatus.UNPROCESSABLE_ENTITY
            return Problem(status, str(error))
        case ConfigError():
            _log.warning("http %s: %s", request_id, error)
            return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "A setting is in the way; the log says which.")
        case ConclaveError():
            known = (code for kind, code in _STATUS if isinstance(error, kind))
            return Problem(next(known, HTTPStatus.SERVICE_UNAVAILABLE), str(error))
        case _:
            _log.error("http %s failed", request_id, exc_info=error)
            return Problem(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                f"Something went wrong inside; look for {request_id} in the log.",
            )


def problem_document(problem: Problem, request_id: str) -> dict[str, Any]:
    """Return a problem as the fields of RFC 9457, with the request's id."""
    return {
        "type": "about:blank",
        "title": problem.status.phrase,
        "status": int(problem.status),
        "detail": _one_line(str(problem)),
        "request_id": request_id,
    }


def problem_response(problem: Problem, request_id: str) -> web.Response:
    """Return a problem as an answer."""
    answer = web.Response(
        status=problem.status,
        text=json.dumps(problem_document(problem, request_id), ensure_ascii=False) + "\n",
        content_type=PROBLEM_JSON,
        headers=problem.headers,
    )
    _mark(answer, request_id)
    return answer


def _mark(answer: web.StreamResponse, request_id: str) -> None:
    answer.headers.setdefault("X-Request-Id", request_id)
    answer.headers.setdefault("Server", "Conclave")  # nobody needs to know the versions below


def _one_line(text: str) -> str:
    # A lone surrogate cannot be sent, and no control sign has a place in a sentence.
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(printable.split())


def request_id_of(request: web.BaseRequest) -> str:
    """Return the id that a request brought, if it is a sane one, or else one that is made for it."""
    given = request.headers.get("X-Request-Id", "")
    return given if _SANE_ID.fullmatch(given) else new_id(12)


@web.middleware
async def numbered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every request an id, which its answer has too, and tell whatever goes wrong as a problem."""
    request_id = request[REQUEST_ID] = request_id_of(request)
    missing = request.match_info.http_exception
    try:
        if missing is not None:
            raise _not_there(missing)
        answer = await handler(request)
    except Exception as error:  # noqa: BLE001 - the boundary: nobody sees more than a sentence
        return problem_response(problem_of(error, request_id), request_id)
    if not answer.prepared:
        _mark(answer, request_id)
    return answer


def _not_there(missing: web.HTTPException) -> Problem:
    if isinstance(missing, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(missing.allowed_methods))
        return Problem(
            HTTPStatus.METHOD_NOT_ALLOWED,
            f"This path answers only {allowed}.",
            headers={"Allow": allowed},
        )
    return Problem(
        HTTPStatus.NOT_FOUND, "There is nothing at this path; GET /openapi.json lists what there is."
    )
