"""Many workspaces: each installs the app, speaks with its own token, and leaves without a trace of it."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from yarl import URL

from bot.cards import Notice
from bot.door import ChatGone, MessageRef
from bot.http_door import HttpDoor
from bot.request import Address
from bot.slack_manifest import SCOPES
from bot.slack_service import slack_service
from core.domain.errors import ConfigError
from core.domain.subscription import SubscriptionState
from core.schedule.reading import read_wanted
from tests import arena
from tests.loopback.slack_http_scene import HttpScene, browser_at, http_scene, set_secrets
from tests.loopback.slack_scene import ALICE, TRADING, VERDICT, ScriptedDesk
from tests.loopback.slack_server import SlackServer, slack_server
from tests.shared_clock import SharedClock

ONE, TWO = "T0LOOPBACK", "T0OTHER"
CAROL, ELSEWHERE = "U0CAROL", "C0ELSEWHERE"


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with slack_server() as made:
        made.home.installed = False
        made.add_team(TWO, "Other & Co", installed=False)
        yield made


@asynccontextmanager
async def serving(
    server: SlackServer, folder: Path, monkeypatch: pytest.MonkeyPatch, **more: Any
) -> AsyncIterator[HttpScene]:
    slack = {"client_id": server.client_id} | more.pop("slack", {})
    async with http_scene(server, folder, monkeypatch, slack=slack, **more) as scene:
        yield scene


@pytest.fixture
async def scene(
    server: SlackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[HttpScene]:
    async with serving(server, tmp_path, monkeypatch) as made:
        yield made


async def install(scene: HttpScene, team: str | None) -> tuple[int, str]:
    """Somebody opens the page of the installation and allows it for a workspace, or does not."""
    scene.server.allowing = team
    async with browser_at(scene.root) as session, session.get(f"{scene.root}/slack/install") as answer:
        return answer.status, await answer.text()


async def asked(scene: HttpScene, team: str, user: str, channel: str, text: str = "run NVDA") -> None:
    before = len(scene.server.messages(channel))
    with scene.server.people_of(team):
        await scene.server.slash("/conclave", text, user, channel)
    await scene.server.wait_messages(channel, before + 1)


async def test_a_workspace_installs_the_app_and_is_answered_with_its_own_token(scene: HttpScene) -> None:
    status, page = await install(scene, TWO)
    assert status == 200
    assert "Conclave is in the workspace Other &amp; Co now." in page
    assert scene.server.scopes == set(SCOPES)

    await asked(scene, TWO, CAROL, ELSEWHERE)

    kept = await scene.app.workspaces.find(scene.server.client_id, TWO)
    assert kept is not None
    assert (kept.token, kept.team_name, kept.bot_user) == (
        scene.server.teams[TWO].token,
        "Other & Co",
        scene.server.teams[TWO].bot_user,
    )
    assert (kept.bot, kept.installed_by) == (scene.server.teams[TWO].bot_id, "U0INSTALLER")


async def test_each_workspace_has_its_own_token_after_a_restart_too(
    server: SlackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(server, tmp_path, monkeypatch) as scene:
        for team in (ONE, TWO):
            assert (await install(scene, team))[0] == 200
        await asked(scene, ONE, ALICE, TRADING)
        await asked(scene, TWO, CAROL, ELSEWHERE)
    async with serving(server, tmp_path, monkeypatch) as scene:
        # What goes on by itself knows only the chat: subscriptions, messages of runs, notes to admins.
        door = scene.service.door
        for channel in (TRADING, ELSEWHERE):
            sent = await door.send(Address("slack", channel), VERDICT)
            await door.edit(sent, Notice(text="later"))
            await door.edit(MessageRef(sent.address, server.messages(channel)[0].ts), VERDICT)
            await door.send_file(Address("slack", channel), "a.png", b"123", "a picture")
            assert len(server.messages(channel)) == 3
        await door.send(Address("slack", "U0CAROL"), Notice(text="to an admin"))
        assert server.channels["D0CAROL"].team == TWO


async def test_people_hear_from_their_own_workspace_only(scene: HttpScene) -> None:
    await install(scene, ONE)
    with scene.server.people_of(TWO):
        envelope = await scene.server.slash("/conclave", "run NVDA", CAROL, ELSEWHERE)
        await scene.server.mention("{bot} run NVDA", CAROL, ELSEWHERE)
        await scene.server.dm("run NVDA", CAROL)
    assert "not installed in this workspace" in (envelope.answer or {})["text"]
    assert scene.desk.requests == []
    assert [method for method, _ in scene.server.calls if method.startswith("chat.")] == []


async def test_a_workspace_that_removes_the_app_is_forgotten_and_its_subscriptions_stop(
    scene: HttpScene, caplog: pytest.LogCaptureFixture
) -> None:
    app, server = scene.app, scene.server
    for team, user, channel in ((ONE, ALICE, TRADING), (TWO, CAROL, ELSEWHERE)):
        await install(scene, team)
        await asked(scene, team, user, channel)
        wanted = read_wanted(["leaderboard", "weekdays", "16:30"])
        await app.subscriptions.subscribe("slack", channel, None, person=f"slack:{user}", wanted=wanted)
    await server.uninstall(TWO)
    await server.until(lambda: "1 subscriptions are paused" in caplog.text)

    assert await app.workspaces.teams(server.client_id) == (ONE,)
    (gone,) = await app.subscriptions.of_chat("slack", ELSEWHERE)
    (kept,) = await app.subscriptions.of_chat("slack", TRADING)
    assert gone.subscription.state is SubscriptionState.PAUSED
    assert kept.subscription.state is SubscriptionState.ACTIVE
    with pytest.raises(ChatGone, match="no longer installed"):
        await scene.service.door.send(Address("slack", ELSEWHERE), VERDICT)
    with server.people_of(TWO):
        envelope = await server.slash("/run", "NVDA", CAROL, ELSEWHERE)
    assert "not installed" in (envelope.answer or {})["text"]
    await asked(scene, ONE, ALICE, TRADING)


async def test_a_person_who_revokes_a_token_of_their_own_removes_nothing(scene: HttpScene) -> None:
    await install(scene, ONE)
    await scene.server._event({"type": "tokens_revoked", "tokens": {"oauth": ["U0ALICE"]}})
    await scene.server._event({"type": "tokens_revoked", "tokens": {"oauth": ["U0ALICE"], "bot": []}})
    await scene.server._event({"type": "tokens_revoked"})
    await asked(scene, ONE, ALICE, TRADING)
    assert await scene.app.workspaces.teams(scene.server.client_id) == (ONE,)


async def test_a_workspace_that_installs_again_is_answered_with_the_new_token(scene: HttpScene) -> None:
    await install(scene, ONE)
    await asked(scene, ONE, ALICE, TRADING)
    old = scene.server.home.token
    await install(scene, ONE)
    assert scene.server.home.token != old
    await asked(scene, ONE, ALICE, TRADING)
    await scene.server.uninstall(ONE)
    await install(scene, ONE)
    await asked(scene, ONE, ALICE, TRADING)


async def test_a_state_is_good_once_in_its_own_browser_and_for_ten_minutes(
    server: SlackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Time that only this test lets pass: what the service does every few seconds must not use it up.
    clock = SharedClock(datetime(2026, 3, 2, 12, tzinfo=UTC))
    server.now = lambda: clock.now().timestamp()
    async with serving(server, tmp_path, monkeypatch, clock=clock) as scene:
        async with browser_at(scene.root) as mine, browser_at(scene.root) as theirs:

            async def led_to() -> str:
                async with mine.get(f"{scene.root}/slack/install", allow_redirects=False) as answer:
                    assert (answer.status, "HttpOnly" in answer.headers["Set-Cookie"]) == (302, True)
                    assert "Secure" in answer.headers["Set-Cookie"]
                    return answer.headers["Location"]

            async def back(session: aiohttp.ClientSession, state: str, code: str = "made-up") -> str:
                query = {"state": state, "code": code}
                async with session.get(f"{scene.root}/slack/oauth_redirect", params=query) as answer:
                    assert answer.status == 400
                    return await answer.text()

            state = parse_qs(urlsplit(await led_to()).query)["state"][0]
            for wrong in ("", "x", state + "x", "é" * 40):
                assert "did not begin in this browser" in await back(mine, wrong)
                state = parse_qs(urlsplit(await led_to()).query)["state"][0]
            assert "did not begin in this browser" in await back(theirs, state)
            # Slack does not know the code, so the state was good, and is used up now.
            assert "invalid_code" in await back(mine, state)
            mine.cookie_jar.update_cookies({"conclave-slack-install": state}, URL(f"{scene.root}/slack/"))
            assert "did not begin in this browser" in await back(mine, state)
            state = parse_qs(urlsplit(await led_to()).query)["state"][0]
            clock.advance(601)
            assert "more than ten minutes ago" in await back(mine, state)
        assert await scene.app.workspaces.teams(server.client_id) == ()


@pytest.mark.parametrize(
    ("grant", "said"),
    [
        ({"is_enterprise_install": True}, "not in a whole organisation"),
        ({"expires_in": 43_200, "refresh_token": "xoxe-1"}, "token rotation must be off"),
        ({"access_token": "xoxp-1-2-person"}, "no lasting bot token"),
        ({"access_token": None}, "no lasting bot token"),
        ({"team": None}, "cannot be read"),
        ({"bot_user_id": ""}, "cannot be read"),
        ({"team": {"id": 7}}, "cannot be read"),
    ],
)
async def test_what_slack_grants_and_we_cannot_use_is_refused(
    scene: HttpScene, grant: dict[str, Any], said: str
) -> None:
    scene.server.grant = grant
    status, page = await install(scene, TWO)
    assert (status, said in page) == (400, True), page
    assert await scene.app.workspaces.teams(scene.server.client_id) == ()


async def test_a_person_who_does_not_allow_it_is_told_how_to_begin_again(scene: HttpScene) -> None:
    status, page = await install(scene, None)
    assert status == 400
    assert "Slack did not allow the installation. Open /slack/install again." in page


async def test_installed_workspaces_are_served_over_sockets_too(
    server: SlackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(server, tmp_path, monkeypatch, slack={"mode": "socket"}) as scene:
        for team in (ONE, TWO):
            await install(scene, team)
        await asked(scene, ONE, ALICE, TRADING)
        await asked(scene, TWO, CAROL, ELSEWHERE)
        await scene.server.uninstall(ONE)
        await server.until(lambda: True)
        await asked(scene, TWO, CAROL, ELSEWHERE)


async def test_a_chat_of_before_is_that_of_the_only_workspace(scene: HttpScene) -> None:
    scene.server.join(TRADING, ONE)
    with pytest.raises(ChatGone, match="not known in which workspace"):
        await scene.service.door.send(Address("slack", TRADING), VERDICT)
    await install(scene, ONE)
    await scene.service.door.send(Address("slack", TRADING), VERDICT)
    await install(scene, TWO)
    with pytest.raises(ChatGone, match="send a command there once"):
        await scene.service.door.send(Address("slack", TRADING), VERDICT)


async def test_no_token_code_or_secret_is_logged_or_shown(
    scene: HttpScene, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack_log.REPEAT_S", 0.0)
    caplog.set_level(logging.WARNING, "aiosqlite")  # as in the program, and a test of its log shows it
    for name in ("", "slack_sdk", "slack_bolt", "bot", "aiohttp"):
        caplog.set_level(logging.DEBUG, name)
    logging.getLogger("bot.slack.sdk").setLevel(logging.DEBUG)
    server = scene.server
    pages = [(await install(scene, ONE))[1]]
    codes: list[str] = [arguments["code"] for name, arguments in server.calls if name == "oauth.v2.access"]
    await asked(scene, ONE, ALICE, TRADING)
    server.grant = {"expires_in": 1}
    pages.append((await install(scene, TWO))[1])
    logging.getLogger("bot.slack.sdk").setLevel(logging.ERROR)
    told = "\n".join([*pages, *(f"{one.getMessage()} {one.exc_text or ''}" for one in caplog.records)])
    secrets = [server.home.token, server.teams[TWO].token, server.client_secret, *codes]
    assert "Sending a request" in told
    assert (len(secrets), [one for one in secrets if one in told]) == (4, [])


@pytest.mark.parametrize("mode", ["socket", "http"])
@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("http", r"\[slack\] client_id .* needs the section \[http\]"),
        ("SLACK_CLIENT_SECRET", "the environment variable SLACK_CLIENT_SECRET is not set"),
    ],
)
async def test_what_installations_lack_is_said_in_one_sentence(
    server: SlackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, missing: str, said: str
) -> None:
    set_secrets(server, monkeypatch)
    monkeypatch.delenv(missing, raising=False)
    slack = {"mode": mode, "client_id": server.client_id}
    app = await arena.opened("http://127.0.0.1:9/v1", tmp_path, slack=slack)
    door = None if missing == "http" else HttpDoor(app.settings.http)
    with pytest.raises(ConfigError, match=said):
        slack_service(app, ScriptedDesk(), door)
    await app.close()
