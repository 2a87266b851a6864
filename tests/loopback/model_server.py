"""A simulated OpenAI-compatible endpoint on a loopback port, for tests, benchmarks and trials by hand.

Without a script every model gives an answer that satisfies the request's schema, with an opinion that
depends on the model's id. By hand: `python -m tests.loopback.model_server --port 9000 --latency 0.2`.
"""

import argparse
import asyncio
import json
import signal
from collections import defaultdict, deque
from types import TracebackType
from typing import Any

from aiohttp import web

from tests.loopback.model_replies import Behaviour, Fields, ModelRequest, Reply, filled


class ModelServer:
    """`async with ModelServer() as server`: `server.base_url` is the address, `server.requests` the log.

    A model's script (`say_next`) is used up first, then what it does always (`always`), then `default`.
    `keys` are the accepted ones; None accepts any. `latency_s` comes before every chat completion.
    """

    def __init__(
        self,
        *,
        latency_s: float = 0.0,
        port: int = 0,
        keys: set[str] | None = None,
        default: Behaviour | None = None,
        keep_log: bool = True,
    ) -> None:
        self.latency_s = latency_s
        self.keys = keys
        self.listed: list[dict[str, Any]] = []
        self.default = default or filled()
        self.requests: list[ModelRequest] = []
        self.base_url = ""
        self.most_at_once = 0
        self._port = port
        self._keep_log = keep_log
        self._scripts: defaultdict[str, deque[Behaviour]] = defaultdict(deque)
        self._always: dict[str, Behaviour] = {}
        self._at_once = 0
        self._changed = asyncio.Event()
        self._runner: web.AppRunner | None = None

    def say_next(self, model: str, *behaviours: Behaviour) -> None:
        """Use these for the next requests of `model`, one each."""
        self._scripts[model].extend(behaviours)

    def always(self, model: str, behaviour: Behaviour) -> None:
        """Use this for `model` whenever its script is used up."""
        self._always[model] = behaviour

    def opine(self, model: str, fields: Fields) -> None:
        """Let `model` fill its answers with these fields, wherever the schema has them."""
        self.always(model, filled(fields))

    def asked(self, model: str) -> list[ModelRequest]:
        """Return the logged requests of `model`."""
        return [request for request in self.requests if request.model == model]

    async def until_asked(self, count: int = 1) -> None:
        """Wait until `count` requests have arrived."""
        while len(self.requests) < count:
            await self._changed.wait()

    async def until_closed_early(self, count: int = 1) -> None:
        """Wait until `count` clients went away before their reply."""
        while sum(request.closed_early for request in self.requests) < count:
            await self._changed.wait()

    async def __aenter__(self) -> "ModelServer":
        app = web.Application(client_max_size=16 * 1024**2)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_get("/v1/models", self._list)
        app.router.add_get("/v1/key", self._list)
        # A handler must notice that its client went away.
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, backlog=1024).start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _complete(self, http: web.Request) -> web.StreamResponse:
        request = await self._log(http)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            if self.latency_s:
                await asyncio.sleep(self.latency_s)
            response = await self._send(http, self._behaviour(request)(request))
        except (asyncio.CancelledError, ConnectionError):
            request.closed_early = True
            raise
        else:
            request.answered = True
            return response
        finally:
            self._at_once -= 1
            self._tell()

    def _behaviour(self, request: ModelRequest) -> Behaviour:
        if self.keys is not None and request.key not in self.keys:
            return lambda _: Reply({"error": {"message": "Incorrect API key provided"}}, 401)
        script = self._scripts.get(request.model)
        if script:
            return script.popleft()
        return self._always.get(request.model, self.default)

    async def _send(self, http: web.Request, reply: Reply) -> web.StreamResponse:
        if reply.delay_s:
            await asyncio.sleep(reply.delay_s)
        if reply.gate:
            await reply.gate.wait()
        body = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
        headers = {"Content-Type": reply.content_type} | reply.headers
        if not reply.drip_s:
            return web.Response(status=reply.status, body=body.encode(), headers=headers)
        response = web.StreamResponse(status=reply.status, headers=headers)
        await response.prepare(http)
        for byte in body.encode():
            await response.write(bytes((byte,)))
            await asyncio.sleep(reply.drip_s)
        return response

    async def _list(self, http: web.Request) -> web.Response:
        request = await self._log(http)
        if self.keys is not None and request.key not in self.keys:
            return web.json_response({"error": {"message": f"Incorrect API key: {request.key}"}}, status=401)
        return web.json_response({"object": "list", "data": self.listed})

    async def _log(self, http: web.Request) -> ModelRequest:
        body: Any = await http.json() if http.can_read_body else {}
        headers = {name.lower(): value for name, value in http.headers.items()}
        request = ModelRequest(http.path, headers, body)
        if self._keep_log:
            self.requests.append(request)
            self._tell()
        return request

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


async def _serve(port: int, latency_s: float) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with ModelServer(port=port, latency_s=latency_s, keep_log=False) as server:
        print(server.base_url, flush=True)  # noqa: T201 - the address is this program's output
        await stop.wait()


def main() -> None:
    """Serve until stopped; the address is printed first."""
    arguments = argparse.ArgumentParser(description=main.__doc__)
    arguments.add_argument("--port", type=int, default=0, help="0 picks a free one")
    arguments.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    chosen = arguments.parse_args()
    asyncio.run(_serve(chosen.port, chosen.latency))


if __name__ == "__main__":
    main()
