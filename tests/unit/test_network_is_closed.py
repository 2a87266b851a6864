"""The guards of conftest.py really guard."""

import asyncio
import os
import socket

import pytest
from curl_cffi.requests import Session

OUTSIDE = "192.0.2.1"


async def test_a_socket_to_another_machine_is_refused_and_noted(ways_out: list[str]) -> None:
    with pytest.raises(OSError, match=r"tests may not reach 192\.0\.2\.1"):
        await asyncio.open_connection(OUTSIDE, 80)
    assert ways_out == [OUTSIDE]
    ways_out.clear()


def test_a_name_on_the_internet_is_not_looked_up(ways_out: list[str]) -> None:
    with pytest.raises(OSError, match="only loopback is open"):
        socket.create_connection(("example.com", 443))
    assert ways_out == ["example.com"]
    ways_out.clear()


@pytest.mark.parametrize("verb", ["get", "post"])
def test_the_library_under_yfinance_is_refused_as_well(verb: str, ways_out: list[str]) -> None:
    with Session() as session, pytest.raises(OSError, match="tests may not reach"):
        getattr(session, verb)(f"http://{OUTSIDE}/chart", timeout=1)
    assert ways_out == [OUTSIDE]
    ways_out.clear()


async def test_loopback_is_open() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        assert await reader.read() == b"hello"
        writer.close()
        await writer.wait_closed()


def test_no_real_key_is_left_in_the_environment() -> None:
    assert not [name for name in os.environ if name.endswith(("_API_KEY", "_TOKEN"))]
