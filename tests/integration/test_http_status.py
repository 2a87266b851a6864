"""How the service is, over HTTP and in the chat: what programs, viewers and admins see."""

import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from bot.cards import Card
from bot.connections import NO_CONNECTIONS, Connection, Connections
from bot.desk import Desk
from bot.digest_cards import DigestCard, HealthCard
from bot.door import ChatGone, MessageRef
from bot.http.api import Api
from bot.http_door import HttpDoor
from bot.http_status import HttpStatus
from bot.present.health import LATE_S
from bot.request import Address
from core.domain.errors import ConfigError, StoreError
from core.domain.subscription import ChatTerms
from tests.desk_scene import BOB
from tests.door_double import ALICE, CHAT, DoorDouble, request
from tests.http_scene import Told
from tests.postman_scene import Opening, PostClock, Process
from tests.schedule_values import as_it_was

pytest_plugins = ("tests.postman_fixtures",)

TOKEN = "a-token-of-32-signs-for-monitors"
CONNECTED = {"Telegram": "connected"}
REVIEW = "weekly review daily 16:00"
Get = Callable[..., Any]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@asynccontextmanager
async def asking(
    process: Process, platforms: dict[str, str] | None = None, connections: Connections = NO_CONNECTIONS
) -> AsyncIterator[Get]:
    """The HTTP door of a process, and who asks it over a socket: the status and the document of an answer."""
    door = HttpDoor(process.app.settings.http)
    states = CONNECTED if platforms is None else platforms
    api = Api(process.app, states, connections)
    api.answer_at(door.router)
    door.at_end(api.close)
    HttpStatus(process.app, api.guard, states, connections).answer_at(door.router)
    await door.start()
    async with aiohttp.ClientSession() as session:

        async def get(**headers: str) -> tuple[int, dict[str, Any]]:
            url = f"http://127.0.0.1:{door.port}/health"
            async with session.get(url, headers=headers) as answer:
                told = Told(answer.status, answer.headers, await answer.text())
                assert told.kind == "application/json" or told.problem
                return told.status, told.document

        try:
            yield get
        finally:
            await door.close()


@pytest.fixture
def http() -> dict[str, Any]:
    return {"http": {"port": free_port(), "token": "env:CONCLAVE_HTTP_TOKEN"}}


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("CONCLAVE_HTTP_TOKEN", TOKEN)
    return TOKEN


async def test_this_machine_sees_all_where_no_token_is_set(starting: Opening, http: dict[str, Any]) -> None:
    process = await starting(**http)
    await process.subscribes(REVIEW)
    await process.works()
    async with asking(process) as get:
        code, told = await get()
    assert (code, told["status"], told["platforms"]) == (200, "ok", CONNECTED)
    assert (told["runs"], told["lag_s"], told["books_until"]) == (0, 0.0, None)
    ((due,), (ended,)) = (told["upcoming"], told["ended"])
    assert (due["state"], due["topic"], due["chat"]) == ("due", "review", "telegram:-100123")
    assert (ended["state"], ended["late"], ended["missed"], ended["note"]) == ("delivered", False, 0, None)
    assert ended["at"] == "2025-10-29T20:00:00+00:00"


async def test_with_a_token_only_who_has_it_sees_more_than_whether_all_is_well(
    starting: Opening, http: dict[str, Any], secret: str
) -> None:
    process = await starting(**http)
    async with asking(process) as get:
        assert await get() == (200, {"status": "ok"})
        code, told = await get(Authorization=f"Bearer {secret}")
        assert (code, told["platforms"]) == (200, CONNECTED)
        assert (await get(Authorization=f"bearer  {secret} "))[0] == 200
        wrong = [
            f"Bearer {secret}x",
            f"Bearer {secret[:-1]}",
            f"Basic {secret}",
            secret,
            "Bearer",
            "Bearer é",
        ]
        for given in wrong:
            code, told = await get(Authorization=given)
            assert code == 401
            assert told["detail"] == "The token is wrong: send that of [http] as Authorization: Bearer."


async def test_who_guesses_tokens_here_is_slowed_down_everywhere_and_the_owner_is_not(
    starting: Opening, http: dict[str, Any], secret: str
) -> None:
    http["http"]["requests_per_minute"] = 5
    process = await starting(**http)
    async with asking(process) as get, aiohttp.ClientSession() as session:
        guesses = [(await get(Authorization="Bearer no"))[0] for _ in range(7)]
        assert guesses == [401] * 5 + [429] * 2
        url, guess = f"http://127.0.0.1:{http['http']['port']}/models", {"Authorization": "Bearer no"}
        async with session.get(url, headers=guess) as answer:
            assert answer.status == 429
        assert (await get(Authorization=f"Bearer {secret}"))[0] == 200
        assert (await get())[0] == 200


async def test_what_a_proxy_passes_on_sees_no_details_where_no_token_is_set(
    starting: Opening, http: dict[str, Any]
) -> None:
    async with asking(await starting(**http)) as get:
        assert await get(**{"X-Forwarded-For": "203.0.113.9"}) == (200, {"status": "ok"})


async def test_every_token_sees_all(
    starting: Opening, http: dict[str, Any], secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER_PROGRAM", "another-token-of-a-second-program")
    http["http"]["tokens"] = [{"name": "trader", "secret": "env:OTHER_PROGRAM"}]
    process = await starting(**http)
    async with asking(process) as get:
        for token in (secret, "another-token-of-a-second-program"):
            code, told = await get(Authorization=f"Bearer {token}")
            assert (code, told["platforms"]) == (200, CONNECTED)


async def test_others_than_this_machine_see_nothing_without_a_token(
    starting: Opening, http: dict[str, Any]
) -> None:
    http["http"]["host"] = "0.0.0.0"  # noqa: S104 - the case in question
    process = await starting(**http)
    async with asking(process) as get:
        assert await get() == (200, {"status": "ok"})
        assert await get(Authorization="Bearer ") == (200, {"status": "ok"})


async def test_what_is_overdue_makes_the_service_unwell(
    starting: Opening, http: dict[str, Any], post_clock: PostClock
) -> None:
    process = await starting(**http)
    await process.subscribes(REVIEW)
    async with asking(process) as get:
        post_clock.advance(LATE_S - 1)
        assert (await get())[0] == 200
        post_clock.advance(1)
        code, told = await get()
        assert (code, told["status"], told["lag_s"]) == (503, "degraded", LATE_S)
        await process.works()
        assert (await get())[0] == 200


async def test_what_is_due_on_a_platform_that_nobody_serves_here_is_no_lag(
    starting: Opening, http: dict[str, Any], post_clock: PostClock
) -> None:
    process = await starting(**http)
    await process.subscribes(REVIEW, "terminal", platform="terminal")
    post_clock.advance(86_400)
    async with asking(process) as get:
        code, told = await get()
    assert (code, told["lag_s"], told["upcoming"]) == (200, 0.0, [])


@pytest.mark.parametrize("state", ["connecting", "off"])
async def test_a_platform_that_is_not_there_makes_the_service_unwell(
    starting: Opening, http: dict[str, Any], state: str
) -> None:
    async with asking(await starting(**http), {"Telegram": "connected", "Slack": state}) as get:
        assert (await get())[0] == 503


async def test_a_database_that_does_not_answer_is_told_without_its_address(
    starting: Opening, http: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = await starting(**http)

    async def broken(*_: object) -> object:
        raise StoreError("postgresql://user@db cannot be reached")

    monkeypatch.setattr(process.app, "health", broken)
    async with asking(process) as get:
        code, told = await get()
    assert (code, told["detail"]) == (503, "The database cannot be used at the moment; try again.")


async def test_other_paths_and_methods_are_problems(starting: Opening, http: dict[str, Any]) -> None:
    process = await starting(**http)
    async with asking(process), aiohttp.ClientSession() as session:
        for method, path, code in (("GET", "/", 404), ("POST", "/health", 405), ("GET", "/health/x", 404)):
            url = f"http://127.0.0.1:{http['http']['port']}{path}"
            async with session.request(method, url) as answer:
                told = Told(answer.status, answer.headers, await answer.text())
                assert told.problem[0] == code


async def test_an_address_in_use_is_one_clear_sentence(starting: Opening, http: dict[str, Any]) -> None:
    one, two = await starting(**http), await starting(**http)
    async with asking(one) as get:
        told = r"^HTTP is off: 127\.0\.0\.1:\d+ cannot be listened to \(.*change \[http\] port\.$"
        with pytest.raises(ConfigError, match=told):
            await HttpDoor(two.app.settings.http).start()
        assert (await get())[0] == 200


async def answered(desk: Desk, text: str, **more: Any) -> Any:
    door = DoorDouble()
    await desk.handle(request(text, **more), door)
    return door.last.now


def lines(card: Any, title: str) -> tuple[str, ...]:
    assert isinstance(card, HealthCard), card
    return next(section.lines for section in card.sections if section.title == title)


class Closed(DoorDouble):
    """A platform on which all chats are closed, which it says with their ids."""

    async def send(self, address: Address, card: Card, **more: Any) -> MessageRef:
        raise ChatGone(f"{address.chat} is closed")


async def test_viewers_see_what_is_due_and_only_admins_in_which_other_chats(starting: Opening) -> None:
    people = [{"id": BOB.id, "role": "viewer"}]
    process = await starting(access={"admins": [ALICE.id], "people": people})
    await process.subscribes(REVIEW, "-100999")
    await process.subscribes(REVIEW, CHAT.chat)
    await process.alarms("alert:1", "-100888")
    process.postman.open(Closed())
    desk = Desk(process.app)
    desk.platforms |= CONNECTED
    before = await answered(desk, "health", person=BOB, delivery="1")
    assert before.title == "All is well"
    assert sorted(line.rpartition(" · ")[2] for line in lines(before, "Due next")) == [
        "another chat", "another chat", "here",
    ]  # fmt: skip
    await process.works()
    seen = {}
    for delivery, person in (("2", BOB), ("3", ALICE)):
        card = await answered(desk, "health", person=person, delivery=delivery)
        seen[person.name] = json.dumps(card.model_dump(mode="json"))
    assert "-100888" not in seen["Bob"]
    assert "-100999" not in seen["Bob"]
    assert "-100888 is closed" in seen["Alice"]
    assert "telegram:-100999" in seen["Alice"]


async def test_viewers_may_ask_for_the_digest_of_the_last_session(starting: Opening) -> None:
    people = [{"id": BOB.id, "role": "viewer"}]
    process = await starting(access={"admins": [ALICE.id], "people": people})
    card = await answered(Desk(process.app), "digest", person=BOB)
    assert isinstance(card, DigestCard)
    # Asked for at the close of Wednesday, it tells of that session: from Tuesday's close on.
    assert card.subtitle == "2025-10-28 16:00 EDT to 2025-10-29 16:00 EDT"
    assert card.note is None


async def test_a_platform_that_is_off_is_said_in_the_chat(starting: Opening) -> None:
    process = await starting()
    desk = Desk(process.app)
    desk.platforms |= {"Telegram": "connected", "Slack": "off"}
    card = await answered(desk, "health", address=Address("telegram", "1001"))
    assert card.title == "Not all is well"
    assert "Slack: off" in lines(card, "Now")


async def test_a_chat_is_told_times_in_its_own_zone(starting: Opening) -> None:
    process = await starting()
    desk = Desk(process.app)
    terms = ChatTerms(zone="Asia/Tokyo")
    await process.app._store.subscriptions.set_terms(
        "telegram:1001", terms, process.app.clock.now(), as_it_was
    )
    for command in ("digest", "health"):
        here = await answered(desk, command, address=Address("telegram", "1001"), delivery=f"{command} 1")
        there = await answered(desk, command, address=CHAT, delivery=f"{command} 2")
        assert isinstance(here, DigestCard | HealthCard)
        assert isinstance(there, DigestCard | HealthCard)
        assert here.subtitle.endswith("JST")
        assert there.subtitle.endswith("EDT")


async def test_a_platform_without_any_of_its_connections_is_not_well(
    starting: Opening, http: dict[str, Any]
) -> None:
    process = await starting(**http)
    since = process.app.clock.now()
    links = [Connection("connection 1", "connected", since), Connection("connection 2", "connecting", since)]
    told_of = {"Slack": lambda: links}
    async with asking(process, {"Slack": "connected"}, told_of) as get:
        code, told = await get()
        assert (code, told["platforms"]["Slack"]) == (200, "connected")
        assert told["connections"]["Slack"][1] == {
            "name": "connection 2",
            "state": "connecting",
            "since": since.isoformat(),
        }
        links[0] = Connection("connection 1", "connecting", since)
        code, told = await get()
    assert (code, told["status"], told["platforms"]["Slack"]) == (503, "degraded", "reconnecting")
