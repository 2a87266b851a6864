"""From nothing to a bot that answers its admin: the setup of each platform, against a real server."""

import asyncio
import re
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.access import Role, role_at
from bot.request import Address, Person
from bot.setup.for_slack import Setup as SlackSetup
from bot.setup.for_telegram import Setup as TelegramSetup
from core.app.app import App
from core.app.assemble import open_app
from core.app.claims import MAX_TRIES
from core.clock import SystemClock
from core.config import Settings, load_settings
from core.config.secret import SecretRef
from core.config.settings import Slack, Telegram
from core.domain.errors import Refused
from tests.loopback.patience import PATIENCE_S
from tests.loopback.slack_scene import ALICE as SLACK_ALICE
from tests.loopback.slack_server import slack_server
from tests.loopback.telegram_scene import ALICE, BOB
from tests.loopback.telegram_server import TelegramServer

CODE = re.compile(r"claim ([0-9A-Z]{4}-[0-9A-Z]{4})")
MISSING = SecretRef("env:NOT_SET_IN_ANY_TEST")


@dataclass
class Operator:
    """Whoever sets Conclave up: gives the secrets in their order, and remembers what was said."""

    secrets: list[str]
    said: list[str] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, text: str) -> None:
        self.said.append(text)
        if CODE.search(text):
            self.heard.set()

    async def secret(self, question: str) -> str:
        self.said.append(question)
        if not self.secrets:
            raise Refused("The setup was left before it was done. Start it again to go on.")
        return self.secrets.pop(0)

    @property
    def all(self) -> str:
        return "\n".join(self.said)

    async def code(self) -> str:
        await asyncio.wait_for(self.heard.wait(), PATIENCE_S)
        found = CODE.search(self.all)
        assert found
        return found[1]


@asynccontextmanager
async def arena(folder: Path, settings: Settings) -> AsyncIterator[App]:
    store = settings.store.model_copy(update={"url": f"sqlite+aiosqlite:///{folder / 'conclave.db'}"})
    app = await open_app(settings.model_copy(update={"store": store}), clock=SystemClock(), environ={})
    try:
        yield app
    finally:
        await app.close()


async def test_a_telegram_bot_is_set_up_from_nothing_and_whoever_typed_the_code_is_its_admin(
    tmp_path: Path,
) -> None:
    config = tmp_path / "config.toml"
    async with TelegramServer() as server:
        person = Operator(["nonsense", "123:wrong", server.token])
        blank = Settings(telegram=Telegram(token=MISSING, base_url=server.base_url))
        walk = TelegramSetup(config, blank, person)
        settings = await walk.token()
        walk.menu()
        assert "run - Ask the committee about a ticker" in person.all
        assert "claim - " not in person.all, "what is in no menu"
        assert server.token not in person.all
        kept = tmp_path / "secrets" / "telegram_bot_token"
        assert kept.read_text().strip() == server.token
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        read = load_settings(config, {})
        assert read.telegram.token.reveal() == server.token
        assert server.token not in config.read_text()

        async with arena(tmp_path, settings) as app:
            claiming = asyncio.create_task(walk.claim(app))
            code = await person.code()
            bob, alice_chat = server.private(BOB), server.private(ALICE)
            server.say(bob, BOB, "/claim AAAA-AAAA")
            server.say(bob, BOB, "/run GOOG")
            await server.until(lambda: any("not the code" in one.text for one in server.messages(bob)))
            server.say(alice_chat, ALICE, f"/claim {code.lower()}")
            assert await claiming
            assert "telegram:1001 is admin now." in person.all
            alice = Person("telegram:1001", "Alice")
            assert await role_at(app, Address("telegram", "-100777"), alice) is Role.ADMIN
            assert await role_at(app, Address("telegram", "1002"), Person("telegram:1002", "Bob")) is None
            assert any("You are admin" in one.text for one in server.messages(alice_chat))
            assert await walk.claim(app)
            assert "There is an admin in Telegram already" in person.said[-1]
    assert not server.violations


async def test_a_slack_app_is_set_up_from_nothing_and_whoever_typed_the_code_is_its_admin(
    tmp_path: Path,
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[arena]\nbenchmark = "SPY"   # stays as it is\n')
    async with slack_server() as server:
        person = Operator(["xoxb-taken-for-the-other", server.app_token, "xoxb-wrong", server.bot_token])
        blank = Settings(slack=Slack(bot_token=MISSING, app_token=MISSING, base_url=server.base_url))
        walk = SlackSetup(config, blank, person)
        settings = await walk.tokens()
        assert "/conclave" in person.all
        assert "oauth_config" in person.all
        assert not {server.bot_token, server.app_token}.intersection(person.all.split())
        read = load_settings(config, {})
        assert (read.slack.bot_token.reveal(), read.slack.app_token.reveal()) == (
            server.bot_token,
            server.app_token,
        )
        assert "# stays as it is" in config.read_text()
        async with arena(tmp_path, settings) as app:
            claiming = asyncio.create_task(walk.claim(app))
            code = await person.code()
            await server.wait_connected()
            await server.dm(f"claim {code}", SLACK_ALICE)
            assert await claiming
            alice = Person(f"slack:{SLACK_ALICE}", "Alice")
            assert await role_at(app, Address("slack", "C0TRADING"), alice) is Role.ADMIN
        # The wrong token was tried, and nothing else was wrong.
        assert server.violations == ["auth.test: invalid_auth"]
        server.violations.clear()


async def test_a_configuration_that_names_a_token_is_left_alone(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[telegram]\ntoken = "env:NOT_SET_IN_ANY_TEST"\n')
    async with TelegramServer() as server:
        person = Operator([server.token])
        blank = Settings(telegram=Telegram(token=MISSING, base_url=server.base_url))
        await TelegramSetup(config, blank, person).token()
    assert config.read_text() == '[telegram]\ntoken = "env:NOT_SET_IN_ANY_TEST"\n'
    assert "has a [telegram] section with another. Change it to:" in person.all


async def test_a_section_without_a_token_gets_one_and_keeps_the_rest(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    async with TelegramServer() as server:
        config.write_text(f'[telegram]   # ours\nbase_url = "{server.base_url}"\n\n[arena]\nwatchlist = []\n')
        blank = Settings(telegram=Telegram(token=MISSING, base_url=server.base_url))
        await TelegramSetup(config, blank, Operator([server.token])).token()
        read = load_settings(config, {})
        assert (read.telegram.token.reveal(), read.telegram.base_url) == (server.token, server.base_url)
    assert config.read_text().startswith("[telegram]   # ours\n")


async def test_three_wrong_tokens_end_the_setup_and_leave_nothing(tmp_path: Path) -> None:
    async with TelegramServer() as server:
        person = Operator(["1:a", "2:b", "3:c"])
        blank = Settings(telegram=Telegram(token=MISSING, base_url=server.base_url))
        with pytest.raises(Refused, match="three times"):
            await TelegramSetup(tmp_path / "config.toml", blank, person).token()
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


async def test_a_token_that_is_kept_already_survives_wrong_ones(tmp_path: Path) -> None:
    kept = tmp_path / "secrets" / "telegram_bot_token"
    kept.parent.mkdir()
    kept.write_text("1:of-another-configuration\n")
    async with TelegramServer() as server:
        person = Operator(["", "1:a", "2:b"])
        blank = Settings(telegram=Telegram(token=MISSING, base_url=server.base_url))
        with pytest.raises(Refused, match="three times"):
            await TelegramSetup(tmp_path / "config.toml", blank, person).token()
        server.violations.clear()
    assert "Nothing was typed." in person.all
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [kept]
    assert kept.read_text() == "1:of-another-configuration\n"


@pytest.mark.parametrize("folder", ["plain", 'with "quotes"', "back\\slash", "späce in it"])
async def test_whatever_the_folder_is_called_the_configuration_can_be_read_afterwards(
    tmp_path: Path, folder: str
) -> None:
    config = tmp_path / folder / "config.toml"
    config.parent.mkdir()
    async with TelegramServer() as server:
        blank = Settings(telegram=Telegram(token=MISSING, base_url=server.base_url))
        await TelegramSetup(config, blank, Operator([server.token])).token()
        assert load_settings(config, {}).telegram.token.reveal() == server.token


async def test_a_configuration_behind_a_link_stays_there_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    real, config = tmp_path / "real.toml", tmp_path / "config.toml"
    real.write_text("[arena]\nwatchlist = []\n")
    real.chmod(0o600)
    config.symlink_to(real)
    async with TelegramServer() as server:
        blank = Settings(telegram=Telegram(token=MISSING, base_url=server.base_url))
        await TelegramSetup(config, blank, Operator([server.token])).token()
        assert load_settings(config, {}).telegram.token.reveal() == server.token
    assert config.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


async def test_a_section_that_only_looks_like_one_is_not_written_into(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    before = "[telegram.more]\n[arena]\nx = '''\n[telegram]\n'''\n"
    config.write_text(before)
    async with TelegramServer() as server:
        person = Operator([server.token])
        blank = Settings(telegram=Telegram(token=MISSING, base_url=server.base_url))
        await TelegramSetup(config, blank, person).token()
    assert config.read_text() == before
    assert "Change it to:" in person.all


async def test_a_code_that_was_guessed_at_too_often_ends_the_setup_instead_of_a_wait_in_vain(
    tmp_path: Path,
) -> None:
    async with TelegramServer() as server:
        person = Operator([server.token])
        blank = Settings(telegram=Telegram(token=MISSING, base_url=server.base_url))
        walk = TelegramSetup(tmp_path / "config.toml", blank, person)
        settings = await walk.token()
        async with arena(tmp_path, settings) as app:
            claiming = asyncio.create_task(walk.claim(app))
            code = await person.code()
            bob = server.private(BOB)
            for guess in range(MAX_TRIES):
                server.say(bob, BOB, f"/claim AAAA-AAA{guess + 2}")
            assert await asyncio.wait_for(claiming, 20) is False
            assert "wrong ones came too often" in person.all
            with pytest.raises(Refused):
                await app.claims.take(code, "telegram:1002")
