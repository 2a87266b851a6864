"""What is no proper HTTP is told in the same form as every other problem."""

import logging
from http import HTTPStatus

from aiohttp import web

from bot.http.problems import Problem, problem_of, problem_response, request_id_of

_UNREADABLE = (
    "This cannot be read as HTTP: the first line, a header or the length of a chunk is wrong or too long."
)

_log = logging.getLogger(__name__)


class DoorProtocol(web.RequestHandler):
    """One connection. Whatever fails outside of the handlers of the paths is a problem with a request id."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the problem of a request that could not be read, or that met a bug; the connection ends."""
        del message  # it repeats what was sent
        request_id = request_id_of(request)
        if status == HTTPStatus.BAD_REQUEST:
            problem = Problem(HTTPStatus.BAD_REQUEST, _UNREADABLE)
            _log.info("http %s: what came cannot be read as HTTP", request_id)
        else:
            problem = problem_of(exc if isinstance(exc, Exception) else TimeoutError(), request_id)
        answer = problem_response(problem, request_id)
        answer.force_close()
        return answer

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer.

        Raises:
            ConnectionError: another answer has begun, and nobody could tell this one from its rest.
        """
        if request.writer.output_size > 0 and not resp.prepared:
            raise ConnectionError("an answer has begun before")
        if isinstance(resp, web.HTTPException):  # an `Expect` that nobody can meet, before any handler
            request_id = request_id_of(request)
            resp = problem_response(problem_of(resp, request_id), request_id)
        return await super().finish_response(request, resp, start_time)
