"""The registry of commands, and what is made from it."""

import re
from pathlib import Path

import pytest

from bot.access import Role
from bot.commands import REGISTRY, find, parse
from bot.handlers import HANDLERS
from bot.present.help import command_card, help_card, start_card
from bot.registry.command import Command
from core.domain.errors import Refused
from core.domain.stage import Stage

README = Path(__file__).parents[2] / "README.md"
NAMES = [command.name for command in REGISTRY]


def refusal(text: str) -> str:
    with pytest.raises(Refused) as caught:
        parse(text)
    return str(caught.value)


@pytest.mark.parametrize("command", REGISTRY, ids=NAMES)
def test_every_command_is_found_by_its_name_and_aliases_whatever_their_case(command: Command) -> None:
    for word in (command.name, *command.aliases):
        assert find(word) is command
        assert find(f"/{word.upper()}") is command


def test_no_word_names_two_commands() -> None:
    words = [word for command in REGISTRY for word in (command.name, *command.aliases)]
    assert len(set(words)) == len(words)


def test_every_command_has_a_handler_and_every_handler_a_command() -> None:
    assert {command.handler for command in REGISTRY} == set(HANDLERS)


def test_only_a_runner_may_spend_money_and_everybody_may_look() -> None:
    runners = {command.name for command in REGISTRY if command.role is Role.RUNNER}
    assert runners == {"run", "ask", "subscribe"}
    admins = {command.name for command in REGISTRY if command.role is Role.ADMIN}
    assert admins == {"audit", "people", "remove", "reset", "restore"}
    others = {command.role for command in REGISTRY if command.name not in runners | admins}
    assert others == {Role.VIEWER}


def test_nothing_at_all_means_start() -> None:
    assert parse("  ")[0].name == "start"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("rnu NVDA", "I don't know the command “rnu”. Did you mean /run?"),
        ("/leaderbord", "I don't know the command “/leaderbord”. Did you mean /leaderboard?"),
        ("analyz NVDA", "I don't know the command “analyz”. Did you mean /run?"),
        ("NVDA", "I don't know the command “NVDA”. Did you mean /run NVDA?"),
        ("BRK-B quick", "I don't know the command “BRK-B”. Did you mean /run BRK-B?"),
        ("xyzzy", "I don't know the command “xyzzy”. Send /help for the list."),
        ("\u202eevil\x00", "I don't know the command “evil”. Send /help for the list."),
    ],
)
def test_an_unknown_command_names_what_was_meant(text: str, sentence: str) -> None:
    assert refusal(text) == sentence


def test_a_long_word_is_cut_when_it_is_repeated() -> None:
    assert len(refusal("x" * 5000)) < 120


def test_help_lists_every_command_that_the_person_may_send() -> None:
    card = help_card(REGISTRY)
    assert [usage for usage, _ in card.commands] == [command.usage for command in REGISTRY]
    assert all(summary for _, summary in card.commands)


@pytest.mark.parametrize("command", REGISTRY, ids=NAMES)
def test_each_command_is_explained_with_its_usage_and_other_names(command: Command) -> None:
    card = command_card(command)
    assert card.title == f"/{command.name}"
    assert card.commands == ((command.usage, command.summary),)
    assert command.usage.startswith(f"/{command.name}")
    assert all(f"/{alias}" in card.footer for alias in command.aliases)


def test_the_explanation_of_why_names_every_stage() -> None:
    assert all(stage.value in find("why").detail for stage in Stage)


def test_the_examples_of_the_first_screen_are_commands_that_can_be_read() -> None:
    for example, _ in start_card().commands:
        parse(example)


def test_the_readme_has_exactly_the_commands_of_the_registry() -> None:
    rows = re.findall(r"^\| (`/.*?`) \| ", README.read_text(encoding="utf-8"), re.MULTILINE)
    written = [usage.replace("\\|", "|") for row in rows for usage in re.findall("`(.+?)`", row)]
    assert sorted(written) == sorted(command.usage for command in REGISTRY)
