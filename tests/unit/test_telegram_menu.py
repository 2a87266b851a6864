"""The menus of commands: who sees which, in which language, within what Telegram takes."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.access import Role
from bot.botfather import botfather_text
from bot.commands import REGISTRY
from bot.languages import Language, languages
from bot.telegram_menu import DESCRIPTION, NOT_IN_GROUPS, SHORT, SHORT_DESCRIPTION, menus
from core.config.settings import Access

BOTFATHER = Path(__file__).parents[2] / "deploy" / "botfather-commands.txt"
NAMES = [command.name for command in REGISTRY]
ACCESS = Access.model_validate(
    {
        "admins": ["telegram:1001", "slack:U0ALICE"],
        "people": [{"id": "telegram:1002", "role": "runner"}, {"id": "telegram:1003", "role": "admin"}],
        "chats": [
            {"id": "telegram:-100123", "role": "viewer"},
            {"id": "telegram:-100456", "role": "runner"},
            {"id": "slack:C0TRADING", "role": "viewer"},
        ],
    }
)


@dataclass(frozen=True)
class Entry:
    name: str
    summary: str = "Does it"
    role: Role = Role.VIEWER


SOME = (
    Entry("why"),
    Entry("run", role=Role.RUNNER),
    Entry("health"),
    Entry("audit", role=Role.ADMIN),
    Entry("help"),
    Entry("start"),
    Entry("claim"),
)


def planned(*spoken: Language, access: Access | None = ACCESS) -> dict[tuple[str, str], list[str]]:
    found = {}
    for menu in menus(SOME, access, spoken):
        scope = menu.scope.to_dict()
        key = " ".join(str(part) for part in (scope["type"], scope.get("chat_id")) if part)
        found[key, menu.language] = [name for name, _ in menu.entries]
    return found


def test_each_scope_has_the_commands_that_make_sense_there() -> None:
    assert planned() == {
        ("default", ""): ["run", "why", "help"],
        ("all_private_chats", ""): ["why", "run", "health", "help", "start"],
        ("all_group_chats", ""): ["why", "run", "help"],
        ("all_chat_administrators", ""): ["why", "run", "health", "help"],
        ("chat 1001", ""): ["why", "run", "health", "audit", "help", "start"],
        ("chat 1003", ""): ["why", "run", "health", "audit", "help", "start"],
        ("chat -100123", ""): ["why", "help"],
        ("chat_administrators -100123", ""): ["why", "health", "help"],
    }


def test_without_access_nobody_has_a_menu_of_their_own() -> None:
    assert {scope for scope, _ in planned(access=None)} == {
        "default", "all_private_chats", "all_group_chats", "all_chat_administrators",
    }  # fmt: skip


def test_every_menu_is_there_in_every_language_and_what_is_not_translated_stays_english() -> None:
    french = Language("fr", "d", "s", {"run": "Demander"})
    found = menus(SOME, ACCESS, [french])
    assert {menu.language for menu in found} == {"", "fr"}
    assert len(found) == 2 * len(menus(SOME, ACCESS))
    short = next(menu for menu in found if menu.language == "fr")
    assert short.entries == (("run", "Demander"), ("why", "Does it"), ("help", "Does it"))


def test_names_and_lines_that_telegram_refuses_are_left_out_or_cut() -> None:
    odd = [Entry("Bad Name"), Entry("x" * 33), Entry("silent", " \n"), Entry("long", "y" * 300)]
    many = [Entry(f"c{number}") for number in range(200)]
    default, private = menus([*odd, *many], None)[:2]
    assert private.entries[0] == ("long", "y" * 256)
    assert len(private.entries) == 100
    assert default.entries == private.entries


def test_a_hundred_admins_do_not_make_a_hundred_menus() -> None:
    access = Access.model_validate({"admins": [f"telegram:{1000 + number}" for number in range(100)]})
    assert len(menus(SOME, access)) == 4 + 50


def test_the_short_list_and_what_groups_leave_out_name_real_commands() -> None:
    assert set(SHORT) <= set(NAMES)
    assert set(NOT_IN_GROUPS) - {"export"} <= set(NAMES)


def test_german_is_spoken_and_knows_every_command() -> None:
    (german,) = [one for one in languages() if one.code == "de"]
    assert [name for name in NAMES if not german.summaries.get(name)] == []
    assert all(1 <= len(summary) <= 256 for summary in german.summaries.values())


@pytest.mark.parametrize("language", [*languages(), Language("en", DESCRIPTION, SHORT_DESCRIPTION, {})])
def test_the_texts_about_the_bot_fit_and_say_that_it_is_paper_only_and_no_advice(language: Language) -> None:
    assert len(language.code) == 2
    assert 0 < len(language.description) <= 512
    assert 0 < len(language.short_description) <= 120
    for text in (language.description, language.short_description):
        assert "aper" in text or "apier" in text
        assert "not advice" in text or "keine" in text


def test_the_commands_for_botfather_are_those_of_the_registry() -> None:
    assert BOTFATHER.read_text(encoding="utf-8") == botfather_text(REGISTRY), (
        "run: python -m bot.botfather > deploy/botfather-commands.txt"
    )


def test_botfather_learns_nothing_about_what_is_for_admins() -> None:
    listed = botfather_text(SOME)  # type: ignore[arg-type]
    assert [line.partition(" - ")[0] for line in listed.splitlines()] == [
        "why",
        "run",
        "health",
        "help",
        "start",
    ]


def test_scopes_are_sent_as_telegram_reads_them() -> None:
    assert [json.loads(menu.scope.to_json()) for menu in menus(SOME, ACCESS)][-2:] == [
        {"type": "chat", "chat_id": -100123},
        {"type": "chat_administrators", "chat_id": -100123},
    ]
