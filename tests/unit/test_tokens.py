"""Tokens as people copy them: a bad copy is one sentence that names the reference and never the token."""

from collections.abc import Callable

import pytest

from bot.tokens import slack_app_token, slack_bot_token, telegram_token
from core.config.secret import SecretRef
from core.domain.errors import ConfigError

REFERENCE = SecretRef("env:SOME_TOKEN")


@pytest.mark.parametrize(
    ("read", "token"),
    [
        (telegram_token, "7000000001:AAloopback_Token-that"),
        (slack_bot_token, "xoxb-1-2-abc"),
        (slack_app_token, "xapp-1-A0-abc"),
    ],
)
def test_a_good_token_is_read_without_the_blanks_around_it(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[SecretRef], str], token: str
) -> None:
    monkeypatch.setenv("SOME_TOKEN", f" {token}\n")
    assert read(REFERENCE) == token


@pytest.mark.parametrize(
    ("read", "token", "told"),
    [
        (slack_app_token, "xapp-1\nabc", "blank or line break"),
        (slack_bot_token, "xoxb-1 abc", "blank or line break"),
        (slack_bot_token, "xapp-1-abc", "starts with xoxb-"),
        (slack_app_token, "xoxb-1-abc", "starts with xapp-"),
        (slack_bot_token, "xoxb-1\u00e9\x01", "starts with xoxb-"),
        (telegram_token, "7000000001:AA\tabc", "blank or line break"),
        (telegram_token, "AAabcdefgh", "digits, a colon and letters"),
        (telegram_token, "bot7000000001:AAabc", "digits, a colon and letters"),
        (telegram_token, "7000000001:AAabc/test", "digits, a colon and letters"),
    ],
)
def test_a_bad_copy_is_one_sentence_that_names_the_reference_alone(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[SecretRef], str], token: str, told: str
) -> None:
    monkeypatch.setenv("SOME_TOKEN", token)
    with pytest.raises(ConfigError) as refused:
        read(REFERENCE)
    said = str(refused.value)
    assert said.startswith("env:SOME_TOKEN ")
    assert told in said
    assert said.count("\n") == 0
    assert token not in said
    assert "abc" not in said
