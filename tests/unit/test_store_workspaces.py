"""Each workspace has one installation, each state is good once, and each chat has its workspace."""

import asyncio
from datetime import timedelta

import pytest
from pydantic import ValidationError
from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import SQLAlchemyOAuthStateStore
from sqlalchemy import MetaData, Table

from core.domain.installation import Installation
from core.store import slack_tables
from core.store.slack_rows import MAX_STATES
from core.store.store import Store
from tests.store_values import START

pytest_plugins = ("tests.storage",)

CLIENT = "12345.67890"
LIFE = timedelta(minutes=10)


def made(team: str = "T0ONE", token: str = "xoxb-1-1-first", **more: str) -> Installation:  # noqa: S107
    about = {"app": "A0", "bot_user": "U0BOT", "bot": "B0BOT", "installed_by": "U0BOB", "team_name": "One"}
    return Installation.model_validate(about | {"team": team, "token": token} | more)


async def test_a_workspace_is_found_as_it_was_installed(store: Store) -> None:
    installation = made(enterprise="E0CORP", scopes="commands,chat:write")
    await store.workspaces.install(CLIENT, installation, START)
    await store.workspaces.install(CLIENT, made("T0TWO", "xoxb-2"), START)
    assert await store.workspaces.find(CLIENT, "T0ONE") == installation
    assert await store.workspaces.teams(CLIENT) == ("T0ONE", "T0TWO")
    assert await store.workspaces.find("another.app", "T0ONE") is None
    assert await store.workspaces.teams("another.app") == ()


async def test_a_new_installation_takes_the_place_of_the_old_one(store: Store) -> None:
    await store.workspaces.install(CLIENT, made(), START)
    await store.workspaces.install(CLIENT, made(token="xoxb-new"), START)
    found = await store.workspaces.find(CLIENT, "T0ONE")
    assert found is not None
    assert found.token == "xoxb-new"
    assert await store.workspaces.teams(CLIENT) == ("T0ONE",)


async def test_nothing_is_left_of_a_workspace_that_removed_the_app(store: Store) -> None:
    await store.workspaces.install(CLIENT, made(), START)
    await store.workspaces.install(CLIENT, made("T0TWO", "xoxb-2"), START)
    assert await store.workspaces.uninstall(CLIENT, "T0ONE")
    assert not await store.workspaces.uninstall(CLIENT, "T0ONE")
    assert await store.workspaces.find(CLIENT, "T0ONE") is None
    assert await store.workspaces.teams(CLIENT) == ("T0TWO",)


async def test_a_long_name_of_a_workspace_is_cut(store: Store) -> None:
    await store.workspaces.install(CLIENT, made(team_name="é" * 300), START)
    found = await store.workspaces.find(CLIENT, "T0ONE")
    assert found is not None
    assert found.team_name == "é" * 200


async def test_a_state_is_good_once_and_for_its_life(store: Store) -> None:
    rows = store.workspaces
    for state in ("one", "two", "three"):
        assert await rows.add_state(state, START, LIFE)
    almost = START + LIFE - timedelta(seconds=1)
    taken = await asyncio.gather(*(rows.take_state("one", almost) for _ in range(3)))
    assert sorted(taken) == [False, False, True]
    assert not await rows.take_state("two", START + LIFE)
    assert not await rows.take_state("four", START)
    assert await rows.take_state("three", START)


async def test_states_are_bounded_and_expired_ones_make_room(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_STATES >= 100
    monkeypatch.setattr("core.store.slack_rows.MAX_STATES", 3)
    added = [await store.workspaces.add_state(f"s{number}", START, LIFE) for number in range(5)]
    assert added == [True] * 3 + [False] * 2
    assert await store.workspaces.add_state("later", START + LIFE, LIFE)


async def test_a_chat_belongs_to_the_workspace_that_it_was_seen_in_last(store: Store) -> None:
    rows = store.workspaces
    await rows.seen("T0ONE", "C0TRADING", START)
    await rows.seen("T0ONE", "U0ALICE", START)
    assert await rows.team_of("C0TRADING") == "T0ONE"
    await rows.seen("T0TWO", "C0TRADING", START)
    assert await rows.team_of("C0TRADING") == "T0TWO"
    assert (await rows.chats_of("T0ONE"), await rows.chats_of("T0TWO")) == (("U0ALICE",), ("C0TRADING",))
    assert await rows.team_of("C0OTHER") is None


def test_an_installation_never_shows_its_token() -> None:
    assert "xoxb" not in repr(made()) + str(made())
    with pytest.raises(ValidationError):
        made(token="")


def test_the_tables_have_the_shape_of_the_library() -> None:
    theirs = MetaData()
    built = [
        (slack_tables.installations, SQLAlchemyInstallationStore.build_installations_table),
        (slack_tables.bots, SQLAlchemyInstallationStore.build_bots_table),
        (slack_tables.oauth_states, SQLAlchemyOAuthStateStore.build_oauth_states_table),
    ]

    def shape(table: Table) -> dict[str, tuple[str, bool | None]]:
        return {column.name: (repr(column.type), column.nullable) for column in table.columns}

    for ours, build in built:
        assert shape(ours) == shape(build(theirs, ours.name))
