"""A server that speaks the API of chat completions, and connections to it."""

from collections.abc import AsyncIterator

import pytest

from core.llm.connections import Connections


@pytest.fixture
async def connections() -> AsyncIterator[Connections]:
    opened = Connections()
    yield opened
    await opened.close()
