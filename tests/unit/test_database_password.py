"""A database's password is a reference, and joins the address only where somebody connects."""

import re
from pathlib import Path

import pytest
from sqlalchemy import make_url

from bot.cli_work import _secrets
from core.app.assemble import open_app
from core.app.probes import run_checks
from core.config import inactive, load_settings
from core.config.settings import Settings, StoreSettings
from core.domain.errors import ConfigError

SECRET = "p@ss:w/rd %2F? é"
ADDRESS = "postgresql+asyncpg://conclave@db.example:5433/arena"


def store(url: str = ADDRESS, where: str = "env:DATABASE_PASSWORD") -> StoreSettings:
    return StoreSettings.model_validate({"url": url, "password": where})


def test_a_password_of_any_signs_reaches_the_driver_as_it_is() -> None:
    place = make_url(store().address({"DATABASE_PASSWORD": SECRET}))
    assert (place.username, place.password, place.host, place.port) == (
        "conclave",
        SECRET,
        "db.example",
        5433,
    )
    assert place.database == "arena"


def test_a_password_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(SECRET + "\n", encoding="utf-8")
    assert make_url(store(where=f"file:{file}").address({})).password == SECRET


def test_options_of_the_address_stay() -> None:
    place = make_url(store(f"{ADDRESS}?options=a@b").address({"DATABASE_PASSWORD": "x"}))
    assert (place.host, place.query["options"]) == ("db.example", "a@b")


def test_without_a_password_the_address_is_what_the_file_says() -> None:
    assert StoreSettings(url=ADDRESS).address({}) == ADDRESS
    assert Settings().store.address({}) == "sqlite+aiosqlite:///conclave.db"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://db.example/arena",
        "postgresql+asyncpg://db.example/arena@1",
        "postgresql+asyncpg://conclave:hunter22@db.example/arena",
    ],
)
def test_a_password_that_has_no_user_or_a_rival_is_refused(tmp_path: Path, url: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'store.url = "{url}"\nstore.password = "env:DATABASE_PASSWORD"\n')
    with pytest.raises(
        ConfigError, match=r"store: with password, url must name a user, and no other password\.$"
    ) as caught:
        load_settings(file, {})
    assert "hunter22" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_sqlite_file_has_no_password_and_a_note_says_so() -> None:
    settings = Settings(store=store("sqlite+aiosqlite:///conclave.db"))
    assert settings.store.address({}) == "sqlite+aiosqlite:///conclave.db"
    assert inactive(settings) == ("store.password has no effect with a SQLite database.",)


def test_neither_settings_nor_errors_hold_the_password(tmp_path: Path) -> None:
    settings = Settings(store=store(where=f"file:{tmp_path / 'missing'}"))
    assert "postgresql+asyncpg://conclave@db" in repr(settings)
    with pytest.raises(ConfigError, match=r"the secret file .* cannot be read or is empty"):
        settings.store.address({})


def test_the_log_blots_the_password_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", SECRET)
    assert SECRET in _secrets(Settings(store=store()))


async def test_a_missing_password_is_one_sentence_before_anything_is_opened(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the environment variable DATABASE_PASSWORD is not set"):
        await open_app(Settings(store=store()), environ={})


async def test_check_says_which_password_is_missing(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {
            "store": {"url": ADDRESS, "password": "env:DATABASE_PASSWORD"},
            "market": {"prices": ["sample"], "news": [], "fundamentals": []},
            "archive": {"dir": str(tmp_path)},
        }
    )
    found = {check.name: check for check in await run_checks(settings, {})}
    assert found["store"].state == "failed"
    assert "DATABASE_PASSWORD is not set" in found["store"].detail


def test_nobody_connects_to_an_address_without_its_password() -> None:
    root = Path(__file__).parents[2]
    bare = [
        f"{file.relative_to(root)}: {line.strip()}"
        for folder in ("core/app", "core/pipeline", "core/schedule", "core/llm", "bot")
        for file in sorted((root / folder).rglob("*.py"))
        for line in file.read_text(encoding="utf-8").splitlines()
        if re.search(r"\bstore\.url\b(?!\.partition)", line)
    ]
    assert bare == [], "take settings.store.address(environ)"
