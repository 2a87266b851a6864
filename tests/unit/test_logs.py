"""What the log shows, and what it must never show."""

import logging
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import _CHATTY, Redacting, start_logging

SECRET = "correct-horse-battery/staple+1"
LOOKS_SECRET = (
    "sk-or-v1-0123456789abcdef",
    "sk-proj-abc_DEF-0123456789",
    "xoxb-1234567890-abcdefghij",
    "xapp-1-A0123-4567-abcdef",
    "7000000001:AAloopbackTokenThatMustNeverBeLogged",
    "AIzaSyA0123456789abcdefghijklmnopq",
    "gsk_0123456789abcdefghij",
    "ghp_0123456789abcdefghijABCDEFGHIJ",
    "hf_abcdefghij0123456789",
    "xai-0123456789abcdefghij",
)


def logged(message: str, *args: object, secrets: tuple[str, ...] = (SECRET,), **more: object) -> str:
    record = logging.getLogger("test").makeRecord(
        "test", logging.INFO, __file__, 1, message, args, exc_info=None, **more
    )
    return Redacting(secrets).format(record)


def traced(error: Exception) -> str:
    """Return what the log shows of an error with its traceback."""
    try:
        raise error
    except type(error):
        record = logging.getLogger("test").makeRecord(
            "test", logging.ERROR, __file__, 1, "it failed", (), exc_info=sys.exc_info()
        )
    return Redacting([SECRET]).format(record)


def test_a_line_has_time_level_and_where_it_comes_from() -> None:
    line = logged("run %s begun", "4f7k2m9q")
    assert line.endswith(" INFO test: run 4f7k2m9q begun")
    assert line[:4].isdigit()


def test_a_known_secret_is_blotted_out_of_messages_and_their_arguments() -> None:
    assert logged(f"key {SECRET} refused").endswith("key [secret] refused")
    assert logged("key %s refused by %s", SECRET, "openrouter").endswith("key [secret] refused by openrouter")
    assert logged("asked %s", {"key": SECRET}).endswith("asked {'key': '[secret]'}")


def test_a_known_secret_is_blotted_out_of_addresses_too() -> None:
    line = logged("GET https://example.test/?k=correct-horse-battery%2Fstaple%2B1&x=1")
    assert line.endswith("GET https://example.test/?k=[secret]&x=1")


def test_a_known_secret_is_blotted_out_of_tracebacks_and_their_causes() -> None:
    cause = ConnectionError(f"cannot reach https://user:{SECRET}@example.test")
    error = ValueError(f"bad key {SECRET}")
    error.__cause__ = cause
    text = traced(error)
    assert "Traceback" in text
    assert "bad key [secret]" in text
    assert SECRET not in text


@pytest.mark.parametrize("secret", LOOKS_SECRET)
@pytest.mark.parametrize("around", ["{}", "key={}", "'{}'", "Bearer {}", "/v1/{}/keys", "(key {}, refused)"])
def test_what_looks_like_a_secret_is_blotted_out_though_nobody_named_it(secret: str, around: str) -> None:
    assert secret not in logged(around.format(secret), secrets=())
    assert secret not in traced(ValueError(around.format(secret)))


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("GET /query?symbol=NVDA&apikey=DEMO1234&x=1", "GET /query?symbol=NVDA&apikey=[secret]&x=1"),
        (
            "POST https://api.telegram.org/bot7000000001:AAloopbackTokenThatMustNeverBeLogged/getMe",
            "POST https://api.telegram.org/bot[secret]/getMe",
        ),
        ("GET /query?api_key=DEMO1234", "GET /query?api_key=[secret]"),
        ("Authorization: Bearer abcdefgh12345678", "Authorization: Bearer [secret]"),
        ("authorization: bearer abcdefgh12345678", "authorization: bearer [secret]"),
        (
            "postgresql+asyncpg://conclave:hunter2@db.test/conclave",
            "postgresql+asyncpg://[secret]@db.test/conclave",
        ),
        ("http://user:hunter2@proxy.test:8080", "http://[secret]@proxy.test:8080"),
    ],
)
def test_a_credential_inside_an_address_or_header_is_blotted_out(text: str, clean: str) -> None:
    assert logged("%s", text, secrets=()).endswith(f"test: {clean}")


@pytest.mark.parametrize(
    "text",
    [
        "claude: stage risk_aggressive, risk-conservative and risk-neutral-again done",
        "telegram:1001 in telegram:-1001234567890: /run",
        "2025-10-29 16:00:00 run 4f7k2m9q of NVDA, task-force-of-five, a key_point",
        "evidence 3f2a9c01d4e85b7760aa12cd34ef567890abcdef1234567890abcdef12345678",
        "http://127.0.0.1:8080/v1/chat/completions answered 200",
        "slack:U0ALICE@C0TRADING asked",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert logged("%s", text).endswith(f"test: {text}")


def test_a_placeholder_too_short_to_be_a_secret_does_not_blot_common_words() -> None:
    assert logged("run none of it", secrets=("none",)).endswith("run none of it")


def test_a_secret_that_holds_another_is_blotted_out_whole() -> None:
    line = logged("a longsecret1234 b", secrets=("longsecret", "longsecret1234"))
    assert line.endswith("a [secret] b")


@given(
    st.text(min_size=8, max_size=40).filter(lambda text: text not in "[secret] INFO test: ab 0123456789"),
    st.text(),
)
def test_no_known_secret_of_any_signs_is_ever_shown(secret: str, around: str) -> None:
    line = Redacting([secret]).format(
        logging.makeLogRecord({"name": "test", "msg": f"{around}{secret}{around}", "levelname": "INFO"})
    )
    assert secret not in line.replace("[secret]", "\N{FULL BLOCK}")


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back as it was afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    chatty = {name: logging.getLogger(name).level for name in _CHATTY}
    yield root
    root.handlers[:], root.level = before, level
    for name, old in chatty.items():
        logging.getLogger(name).setLevel(old)


def test_the_log_goes_to_stderr_without_secrets_and_libraries_tell_only_their_warnings(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    start_logging(logging.INFO, [SECRET])
    logging.getLogger("core").info("opened with %s", SECRET)
    logging.getLogger("core").debug("too fine")
    logging.getLogger("httpx").info("GET https://example.test")
    logging.getLogger("httpx").warning("slow")
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = [line.partition(" ")[2].partition(" ")[2] for line in shown.err.splitlines()]
    assert lines == ["INFO core: opened with [secret]", "WARNING httpx: slow"]


def test_no_statement_with_its_parameters_is_told_even_where_everything_is(root: logging.Logger) -> None:
    start_logging(logging.DEBUG)
    assert not logging.getLogger("aiosqlite").isEnabledFor(logging.INFO)


def test_starting_the_log_again_does_not_double_its_lines(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    start_logging(logging.INFO)
    start_logging(logging.INFO)
    logging.getLogger("core").info("once")
    assert capsys.readouterr().err.count("once") == 1


def test_without_tracebacks_an_exception_is_told_in_one_line() -> None:
    formatter = Redacting(tracebacks=False)
    try:
        raise ValueError("odd")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "it failed", None, sys.exc_info())
    text = formatter.format(record)
    assert text.splitlines()[1:] == ["  ValueError: odd"]
    assert "Traceback" not in text
