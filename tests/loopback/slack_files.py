"""Files on the loopback Slack: uploads in three calls, and blocks of messages that show one."""

from collections.abc import Iterator
from typing import Any, Protocol

from aiohttp import web

from tests.loopback.slack_rules import notified
from tests.loopback.slack_state import Fault, Json, Message

MAX_ALT = 1_000


class _Server(Protocol):
    """What the files need of the rest of the server."""

    uploads: dict[str, bytes]
    alts: dict[str, str]
    not_ready: int
    violations: list[str]
    _root: str
    _complete: set[str]
    _faults: dict[str, Fault]
    _count: Iterator[int]

    def _channel_error(self, channel: Any) -> str | None: ...
    def _thread_error(self, channel: str, thread: Any) -> str | None: ...
    def _ts(self) -> str: ...
    def _post(self, message: Message) -> None: ...


class SlackFiles:
    """A part of the server. `not_ready` is how many messages more do not find a file that is there.

    `alts` has the description of each file for people who do not see it.
    """

    async def _files_getUploadURLExternal(self: _Server, arguments: Json) -> Json:  # noqa: N802 - Slack's name
        if not arguments.get("filename") or int(arguments.get("length") or 0) <= 0:
            return {"error": "invalid_arguments"}
        alt = str(arguments.get("alt_txt") or "")
        if len(alt) > MAX_ALT:
            return {"error": "invalid_arguments"}
        file = f"F{next(self._count):08d}"
        self.uploads[file], self.alts[file] = b"", alt
        return {"upload_url": f"{self._root}/upload/{file}", "file_id": file}

    async def _files_completeUploadExternal(self: _Server, arguments: Json) -> Json:  # noqa: N802 - as above
        files = arguments.get("files") or []
        channel = arguments.get("channel_id") or arguments.get("channels")
        thread = arguments.get("thread_ts")
        if channel and (error := self._channel_error(channel) or self._thread_error(str(channel), thread)):
            return {"error": error}
        if not all(self.uploads.get(one.get("id", "")) for one in files):
            return {"error": "file_not_found"}
        self._complete.update(one["id"] for one in files)
        if channel:
            comment = arguments.get("initial_comment") or ""
            self.violations += [f"a caption calls or links {one!r}" for one in notified(comment)]
            self._post(Message(str(channel), self._ts(), comment, [], thread, files=files))
        return {"files": [{"id": one["id"], "title": one.get("title")} for one in files]}

    async def _upload(self: _Server, request: web.Request) -> web.StreamResponse:
        file = request.match_info["file"]
        if file not in self.uploads:
            return web.Response(status=404)
        if (fault := self._faults.get("upload")) and fault.times > 0:
            fault.times -= 1
            return web.Response(status=fault.status, text=fault.raw)
        self.uploads[file] = await request.read()
        return web.Response(text=f"OK - {len(self.uploads[file])}")

    def _unknown_file(self: _Server, blocks: Any) -> Json | None:
        """Refuse blocks with a file that is not there, or that Slack has not noticed yet."""
        for place, block in enumerate(blocks or []):
            if block.get("type") != "image" or "slack_file" not in block:
                continue
            waiting = self.not_ready > 0
            self.not_ready -= waiting
            if waiting or block["slack_file"].get("id") not in self._complete:
                errors = [f"invalid slack file [json-pointer:/blocks/{place}/slack_file]"]
                return {
                    "error": "invalid_blocks",
                    "errors": errors,
                    "response_metadata": {"messages": errors},
                }
        return None
