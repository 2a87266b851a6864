"""How far a call of the Bot API got when it failed, and that files arrive whole, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import pytest
from telegram import Bot, InputFile
from telegram.error import NetworkError, TelegramError

from bot.door import DeliveryFailed, Unsure
from bot.telegram_failures import failure_of
from bot.telegram_http import AioRequest, NotAnswered, NotSent
from bot.telegram_raw import send_text
from tests.loopback.telegram_scene import bot_of
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import User

TOKEN = "1001:AAsecretsecretsecretsecretsecretsecr"
ALICE = User(1001)


@asynccontextmanager
async def answering(raw: bytes | None) -> AsyncIterator[str]:
    """A server that reads a request, and then answers so, or with None says nothing."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            await reader.readuntil(b"\r\n\r\n")
            if raw is None:
                await reader.read()
            else:
                writer.write(raw)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/bot"
    finally:
        server.close()
        await server.wait_closed()


async def outcome(base_url: str, timeout_s: float = 0.3) -> TelegramError:
    """What sending a message ends with."""
    request = AioRequest(1, timeout_s)
    await request.initialize()
    try:
        with pytest.raises(TelegramError) as failed:
            await request.post(f"{base_url}{TOKEN}/sendMessage")
        return failed.value
    finally:
        await request.shutdown()


async def test_where_nobody_listens_nothing_was_sent() -> None:
    async with answering(b"") as base_url:
        pass
    error = await outcome(base_url)
    assert type(failure_of(error, TOKEN)) is DeliveryFailed
    assert TOKEN.partition(":")[2] not in repr(error)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        pytest.param(None, NotAnswered, id="no answer in time"),
        pytest.param(b"", NotAnswered, id="the connection ends without an answer"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{", NotAnswered, id="half an answer"),
        pytest.param(b"hello\r\n\r\n", NotAnswered, id="no HTTP"),
        pytest.param(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", NetworkError, id="a gateway"),
    ],
)
async def test_what_was_sent_and_not_answered_may_have_arrived(
    raw: bytes | None, kind: type[TelegramError]
) -> None:
    async with answering(raw) as base_url:
        error = await outcome(base_url)
    assert isinstance(error, kind)
    assert isinstance(failure_of(error, TOKEN), Unsure)
    assert TOKEN.partition(":")[2] not in f"{error!r} {error.__cause__!r}"


async def test_a_call_after_the_end_is_a_failure_and_nothing_was_sent() -> None:
    request = AioRequest(1, 0.3)
    with pytest.raises(NotSent, match="closed"):
        await request.post("http://127.0.0.1:1/bot")


async def test_who_waits_too_long_for_a_connection_has_sent_nothing() -> None:
    async with answering(None) as base_url:
        request = AioRequest(1, 0.2)
        await request.initialize()
        url = f"{base_url}{TOKEN}/getMe"
        first = asyncio.create_task(request.post(url, read_timeout=5.0))
        await asyncio.sleep(0.05)
        with pytest.raises(NotSent) as failed:
            await request.post(url)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await request.shutdown()
    assert type(failure_of(failed.value, TOKEN)) is DeliveryFailed


@asynccontextmanager
async def proxy() -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy that answers everything by itself, and what it was asked for."""
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
            body = b'{"ok": true, "result": 12}'
            head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
            writer.write(head % len(body) + body)
            await writer.drain()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        server.close()
        await server.wait_closed()


async def test_a_proxy_of_the_environment_is_used_with_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    async with proxy() as (address, asked):
        monkeypatch.setenv("http_proxy", f"http://me:secret@{address}")
        monkeypatch.setenv("no_proxy", "")
        request = AioRequest(1, 2.0)
        await request.initialize()
        assert await request.post("http://api.telegram.invalid/bot1/getMe") == 12
        assert await request.post("http://api.telegram.invalid/bot1/getMe") == 12
        await request.shutdown()
    assert [one.splitlines()[0] for one in asked] == [
        "POST http://api.telegram.invalid/bot1/getMe HTTP/1.1"
    ] * 2
    assert "Proxy-Authorization: Basic bWU6c2VjcmV0" in asked[0]


async def test_a_server_that_the_environment_excepts_is_reached_without_the_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with proxy() as (address, asked), TelegramServer() as server:
        monkeypatch.setenv("http_proxy", f"http://{address}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        request = AioRequest(1, 2.0)
        await request.initialize()
        me = await request.post(f"{server.base_url}{server.token}/getMe")
        await request.shutdown()
    assert (me["is_bot"], asked) == (True, [])


async def test_an_address_of_a_proxy_that_cannot_be_used_is_never_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for address in ("http://me:SÉCRET€@127.0.0.1:9", "http://me:SECRET@127.0.0.1:port"):
        monkeypatch.setenv("http_proxy", address)
        monkeypatch.setenv("no_proxy", "")
        error = await outcome("http://api.telegram.invalid/bot")
        assert type(failure_of(error, TOKEN)) is DeliveryFailed
        assert "CRET" not in f"{error!r} {error.__cause__!r}"


async def test_half_a_sign_is_replaced_and_the_rest_arrives() -> None:
    async with TelegramServer() as server, bot_of(server) as bot:
        chat = server.private(ALICE)
        await send_text(bot, chat.id, "half \ud83d", thread=None, reply=None, markup=None, silent=False)
        (shown,) = server.messages(chat)
    assert shown.text == "half ?"


async def test_words_and_files_arrive_as_they_are() -> None:
    async with TelegramServer() as server:
        chat = server.private(ALICE)
        ways = [AioRequest(2, 5.0) for _ in range(2)]
        async with Bot(server.token, server.base_url, request=ways[0], get_updates_request=ways[1]) as bot:
            words = "A & B = C + 100 % · “ü” 😀\nمرحبا"
            await bot.send_message(chat.id, words)
            content = bytes(range(256)) * 40
            await bot.send_document(chat.id, InputFile(content, "a b.bin"), caption=words)
        text, file = server.messages(chat)
    assert text.text == words
    assert (file.text, file.file) == (words, ("a b.bin", content))
