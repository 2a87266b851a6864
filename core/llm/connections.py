"""One HTTP client for the process, and one SDK client per provider and key over it.

An SDK client of its own costs some 30 ms and 1 MB; a copy with other options costs next to nothing. The
SDK is imported when the first client is needed, for it is the largest import of the program.
"""

import asyncio
from typing import TYPE_CHECKING, Any, cast

from core.config.providers import Provider

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_NO_KEY = "no-key"
"""What is sent where no key is needed; the SDK insists on sending one."""


class Connections:
    """The SDK clients of one process; use within one event loop, and close at the end."""

    def __init__(self) -> None:
        self._base: AsyncOpenAI | None = None
        self._clients: dict[tuple[str, str], AsyncOpenAI] = {}

    async def prepare(self) -> None:
        """Import the SDK off the event loop, so that the first call need not stop it for that long."""
        await asyncio.to_thread(__import__, "openai")

    def client(self, provider: Provider, key_name: str, secret: str) -> "AsyncOpenAI":
        """Return the client for a provider's address and one of its keys; both empty for a local one."""
        known = self._clients.get((provider.name, key_name))
        if known is None or known.api_key != (secret or _NO_KEY):
            known = self._clients[provider.name, key_name] = self._shared().with_options(
                api_key=secret or _NO_KEY,
                base_url=provider.base_url,
                timeout=max(provider.timeout_s, *(one.timeout_s or 0 for one in provider.models), 0),
                max_retries=0,
            )
        return known

    async def close(self) -> None:
        """Close all connections; requests under way fail."""
        base, self._base = self._base, None
        self._clients.clear()
        if base is not None:
            await base.close()

    def _shared(self) -> "AsyncOpenAI":
        if self._base is None:
            from openai import AsyncOpenAI, DefaultAioHttpClient, Omit

            # The SDK would send OPENAI_ORG_ID and OPENAI_PROJECT_ID of the environment to every provider.
            unsaid = cast("dict[str, Any]", {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()})
            self._base = AsyncOpenAI(
                api_key=_NO_KEY,
                base_url="http://127.0.0.1",
                max_retries=0,
                http_client=DefaultAioHttpClient(),
                default_headers=unsaid,
            )
        return self._base
