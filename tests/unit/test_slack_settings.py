"""When Slack is on, what it lacks otherwise, and what a check asks in each mode."""

from typing import Any

import pytest

from bot.slack_check import check_slack
from bot.slack_settings import slack_is_wanted, slack_missing
from core.config.settings import Slack
from core.domain.errors import ConfigError
from tests.loopback.slack_server import SlackServer

BOT, APP = "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"
MANY = {"client_id": "1.2"}
HTTP = {"mode": "http"}


@pytest.mark.parametrize(
    ("settings", "there", "wanted", "said"),
    [
        ({}, [], False, None),
        ({}, [BOT, APP], True, None),
        ({}, [BOT], False, "it needs two tokens, and env:SLACK_APP_TOKEN is not set"),
        ({}, [APP], False, "it needs two tokens, and env:SLACK_BOT_TOKEN is not set"),
        (HTTP, [], False, None),
        (HTTP, [BOT], True, None),
        (HTTP, [APP], False, None),
        (MANY, [], False, "it needs its token, and env:SLACK_APP_TOKEN is not set"),
        (MANY, [APP], True, None),
        (MANY | HTTP, [], True, None),
    ],
)
def test_slack_is_on_where_its_mode_has_the_tokens_that_it_needs(
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, Any],
    there: list[str],
    wanted: bool,
    said: str | None,
) -> None:
    for name in there:
        monkeypatch.setenv(name, "x")
    slack = Slack.model_validate(settings)
    assert slack_is_wanted(slack) is wanted
    sentence = slack_missing(slack)
    assert sentence == (said and f"Slack is off: {said}; docs/slack.md says how.")


async def test_a_check_asks_what_the_mode_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    async with SlackServer() as server:
        monkeypatch.setenv(BOT, server.bot_token)
        monkeypatch.setenv(APP, server.app_token)
        monkeypatch.setenv("SLACK_SIGNING_SECRET", server.signing_secret)
        monkeypatch.setenv("SLACK_CLIENT_SECRET", server.client_secret)

        async def asked(**settings: Any) -> tuple[str, list[str]]:
            server.calls.clear()
            told = await check_slack(Slack.model_validate({"base_url": server.base_url} | settings))
            return told, [method for method, _ in server.calls]

        here = "conclave in Loopback"
        assert await asked() == (here, ["auth.test", "apps.connections.open"])
        assert await asked(**HTTP) == (here, ["auth.test"])
        assert await asked(**MANY) == ("the app 1.2", ["apps.connections.open"])
        assert await asked(**MANY, **HTTP) == ("the app 1.2", [])
        assert server.violations == []


@pytest.mark.parametrize("wrong", ["", "has a blank", "short", "x" * 65, "quote'd-and-dashed-secret"])
async def test_a_signing_secret_that_was_copied_badly_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv(BOT, "xoxb-1")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", wrong)
    with pytest.raises(ConfigError) as error:
        await check_slack(Slack(mode="http"))
    assert "SLACK_SIGNING_SECRET" in str(error.value)
    assert not wrong or wrong not in str(error.value)
