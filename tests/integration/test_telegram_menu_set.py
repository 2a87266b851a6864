"""The menu and the texts about the bot, set through the real API client on a strict server."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bot.access import Role
from bot.languages import languages
from bot.telegram_menu import DESCRIPTION, SHORT_DESCRIPTION
from bot.telegram_updates import TelegramService
from core.clock import ManualClock
from core.config.secret import SecretRef
from core.config.settings import Access, Telegram
from tests.loopback.telegram_scene import ALICE, DeskDouble, Entry, running
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import BOT_ID

COMMANDS = (
    Entry("run", "Ask the committee", Role.RUNNER),
    Entry("why", "Open it"),
    Entry("audit", "Look back", Role.ADMIN),
    Entry("help", "Explain"),
)
ACCESS = Access.model_validate(
    {
        "admins": [f"telegram:{ALICE.id}", "telegram:4004"],
        "chats": [{"id": "telegram:-100200", "role": "viewer"}],
    }
)


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running:
        running.private(ALICE)
        running.group(-100200)
        yield running
        assert running.violations == []


def service(server: TelegramServer, monkeypatch: pytest.MonkeyPatch, *more: Entry) -> TelegramService:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", server.token)
    settings = Telegram(token=SecretRef("env:TELEGRAM_BOT_TOKEN"), base_url=server.base_url)
    clock = ManualClock(datetime(2025, 10, 29, tzinfo=UTC))
    return TelegramService(settings, DeskDouble(), clock, (*COMMANDS, *more), ACCESS)


async def published(server: TelegramServer, made: TelegramService) -> None:
    """Start a service, wait until the last of its texts was looked at, and stop it."""
    server.calls.clear()
    last = languages()[-1].code

    def done() -> bool:
        return any(
            call.method == "getMyShortDescription" and call.params.get("language_code") == last
            for call in server.calls
        )

    async with running(made):
        await server.until(done, "the menu")


def written(server: TelegramServer) -> list[str]:
    return [call.method for call in server.calls if call.method.startswith("setMy")]


def names(server: TelegramServer, scope: str, language: str = "") -> list[str]:
    return [name for name, _ in server.menus[scope, language]]


async def test_every_scope_has_its_menu_in_english_and_german(
    server: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await published(server, service(server, monkeypatch))
    for language in ("", "de"):
        assert names(server, "default", language) == ["run", "why", "help"]
        assert names(server, "all_private_chats", language) == ["run", "why", "help"]
        assert names(server, "all_group_chats", language) == ["run", "why", "help"]
        assert names(server, "all_chat_administrators", language) == ["run", "why", "help"]
        assert names(server, f"chat {ALICE.id}", language) == ["run", "why", "audit", "help"]
        assert names(server, "chat -100200", language) == ["why", "help"]
        assert names(server, "chat_administrators -100200", language) == ["why", "help"]
    assert dict(server.menus["default", ""])["run"] == "Ask the committee"
    assert dict(server.menus["default", "de"])["run"].startswith("Das Komitee")
    assert server.texts["description", ""] == DESCRIPTION
    assert server.texts["short_description", ""] == SHORT_DESCRIPTION
    assert "Papierhandel" in server.texts["description", "de"]
    assert "Papierhandel" in server.texts["short_description", "de"]


async def test_a_restart_sets_nothing_that_is_as_it_was(
    server: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await published(server, service(server, monkeypatch))
    assert len(written(server)) == 2 * 7 + 2 * 2
    await published(server, service(server, monkeypatch))
    assert written(server) == []


async def test_a_command_that_is_new_is_set_where_it_is_shown_and_nothing_else(
    server: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await published(server, service(server, monkeypatch))
    await published(server, service(server, monkeypatch, Entry("season", "Where it stands")))
    assert written(server) == ["setMyCommands"] * 2 * 4
    assert "season" in names(server, "all_private_chats")
    assert "season" not in names(server, "all_group_chats")


async def test_an_admin_who_never_wrote_to_the_bot_costs_no_other_menu(
    server: TelegramServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await published(server, service(server, monkeypatch))
    assert ("chat 4004", "") not in server.menus
    assert ("chat -100200", "de") in server.menus
    assert "did not take the menu" not in caplog.text


async def test_an_admin_who_blocked_the_bot_and_a_group_that_removed_it_cost_no_other_menu(
    server: TelegramServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for chat in (server.private(ALICE), server.group(-100200)):
        chat.members[BOT_ID] = "kicked"
    await published(server, service(server, monkeypatch))
    assert {scope for scope, _ in server.menus} == {
        "default",
        "all_private_chats",
        "all_group_chats",
        "all_chat_administrators",
    }
    assert server.texts["description", ""] == DESCRIPTION
    assert "did not take the menu" not in caplog.text


async def test_an_operator_is_told_where_inline_mode_is_switched_on(
    server: TelegramServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await published(server, service(server, monkeypatch))
    assert "/setinline" not in caplog.text
    server.inline = False
    await published(server, service(server, monkeypatch))
    assert "inline mode is off; send /setinline to BotFather" in caplog.text


async def test_texts_that_telegram_does_not_take_are_one_line_in_the_log(
    server: TelegramServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server.fail("setMyDescription", 429, "Too Many Requests: retry after 9000")
    async with running(service(server, monkeypatch)):
        await server.until(lambda: "did not take" in caplog.text, "the line")
    assert caplog.text.count("did not take the menu") == 1
    assert server.token not in caplog.text
