"""What `conclave check` finds out about Telegram and Slack, over real sockets."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.checks import platform_probes
from core.app.check import inspect
from core.config import Settings
from core.config.loading import settings_from
from core.domain.check import Check
from tests.loopback.slack_server import SlackServer
from tests.loopback.slack_state import Fault
from tests.loopback.telegram_server import TelegramServer

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(empty_folder: Path) -> None:
    """The check tries whether the archive folder can be written."""


@pytest.fixture
async def telegram(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", server.token)
        yield server


@pytest.fixture
async def slack(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        monkeypatch.setenv("SLACK_BOT_TOKEN", server.bot_token)
        monkeypatch.setenv("SLACK_APP_TOKEN", server.app_token)
        yield server


def settings(**sections: Any) -> Settings:
    return settings_from(sections, {}, name="test")


async def asked(of: Settings) -> dict[str, Check]:
    """Return the lines of the platforms' probes by name."""
    probes = tuple(platform_probes(of))
    lines = await inspect(of, {}, probes)
    return {line.name: line for line in lines[len(lines) - len(probes) :]}


async def test_without_tokens_no_platform_is_asked() -> None:
    assert await asked(settings()) == {}


async def test_with_half_of_slacks_tokens_slack_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    assert await asked(settings()) == {}


async def test_each_platform_says_as_whom_its_tokens_are_good(
    telegram: TelegramServer, slack: SlackServer
) -> None:
    found = await asked(
        settings(telegram={"base_url": telegram.base_url}, slack={"base_url": slack.base_url})
    )
    assert found == {
        "telegram bot": Check(name="telegram bot", state="ok", detail="@ConclaveBot, polling"),
        "slack app": Check(name="slack app", state="ok", detail="conclave in Loopback"),
    }
    assert "getUpdates" not in [call.method for call in telegram.calls]


URL = "https://conclave.example.org/telegram"


async def telegrams_line(server: TelegramServer, **more: Any) -> Check:
    told = {"base_url": server.base_url} | more.pop("telegram", {})
    return (await asked(settings(telegram=told, **more)))["telegram bot"]


async def test_a_webhook_that_was_set_elsewhere_and_what_waits_there_are_told(
    telegram: TelegramServer,
) -> None:
    telegram.hook.url = URL
    telegram.hook.last_error = "Wrong response from the webhook: 502 Bad Gateway\n@everybody"
    telegram.put("message", {})
    assert (await telegrams_line(telegram)).detail == (
        "@ConclaveBot, polling, a webhook is set, which conclave serve takes away, 1 update waits, "
        "Telegram's last error: Wrong response from the webhook: 502 Bad Gateway @everybody"
    )
    assert telegram.hook.url == URL, "a look changes nothing"


async def test_in_webhook_mode_it_is_told_whether_the_webhook_is_set(telegram: TelegramServer) -> None:
    hooked = {"telegram": {"mode": "webhook", "webhook_url": URL}, "http": {"port": 8080}}
    assert (await telegrams_line(telegram, **hooked)).detail == (
        "@ConclaveBot, webhook, which conclave serve sets"
    )
    hooked = {"telegram": {"mode": "webhook", "webhook_url": URL}, "http": {"port": 8080}}
    telegram.hook.url = URL
    assert (await telegrams_line(telegram, **hooked)).detail == "@ConclaveBot, webhook"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"telegram": {"mode": "webhook", "webhook_url": URL}}, "needs the section [http]"),
        ({"telegram": {"mode": "webhook"}, "http": {"port": 8080}}, "needs webhook_url"),
    ],
)
async def test_a_webhook_that_cannot_work_is_a_failure(
    telegram: TelegramServer, more: dict[str, Any], sentence: str
) -> None:
    line = await telegrams_line(telegram, **more)
    assert line.state == "failed"
    assert sentence in line.detail


async def test_a_token_that_telegram_refuses_is_a_failure_that_does_not_show_it(
    telegram: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = "7000000002:AAwrongTokenThatMustNeverBeShown1234"
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", wrong)
    line = (await asked(settings(telegram={"base_url": telegram.base_url})))["telegram bot"]
    assert (line.state, line.mend) == ("failed", "Check [telegram] token and base_url.")
    assert "token" in line.detail
    assert "AAwrong" not in line.detail


async def test_a_token_that_slack_refuses_is_a_failure_that_names_the_call(slack: SlackServer) -> None:
    slack.fail_next("apps.connections.open", Fault("missing_scope"))
    line = (await asked(settings(slack={"base_url": slack.base_url})))["slack app"]
    assert (line.state, line.mend) == ("failed", "Check the tokens and base_url under [slack].")
    assert line.detail == "Slack refused apps.connections.open: missing_scope"
    assert slack.app_token not in line.detail


async def test_a_platform_that_cannot_be_reached_is_a_failure_and_the_other_is_still_asked(
    telegram: TelegramServer, slack: SlackServer
) -> None:
    found = await asked(settings(telegram={"base_url": f"{NOBODY}/bot"}, slack={"base_url": slack.base_url}))
    assert found["telegram bot"].state == "failed"
    assert telegram.token not in found["telegram bot"].detail
    assert found["slack app"].state == "ok"
