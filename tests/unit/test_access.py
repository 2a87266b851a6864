"""Who may do what."""

import pytest

from bot.access import Role, place_of, role_of
from bot.request import Address, Person
from core.config.settings import Access

ALICE = Person("telegram:1001", "Alice")
ROOM = Address("telegram", "-100123")
OTHER_ROOM = Address("telegram", "-100999")
ADMINS = {"admins": ["telegram:1001"]}


def access(**sections: object) -> Access:
    return Access.model_validate(sections)


def person(role: str, who: str = "telegram:1001") -> dict[str, object]:
    return {"people": [{"id": who, "role": role}]}


def chat(role: str, where: str = "telegram:-100123") -> dict[str, object]:
    return {"chats": [{"id": where, "role": role}]}


@pytest.mark.parametrize(
    ("granted", "here", "elsewhere"),
    [
        ({}, None, None),
        (person("viewer"), Role.VIEWER, Role.VIEWER),
        (person("runner"), Role.RUNNER, Role.RUNNER),
        (person("admin"), Role.ADMIN, Role.ADMIN),
        (ADMINS, Role.ADMIN, Role.ADMIN),
        (chat("viewer"), Role.VIEWER, None),
        (chat("runner"), Role.RUNNER, None),
        (chat("viewer") | person("runner"), Role.RUNNER, Role.RUNNER),
        (chat("runner") | person("viewer"), Role.RUNNER, Role.VIEWER),
        (chat("runner") | ADMINS, Role.ADMIN, Role.ADMIN),
        (person("viewer") | ADMINS, Role.ADMIN, Role.ADMIN),
        (person("admin", "telegram:10011"), None, None),
        (person("admin", "slack:1001"), None, None),
        (chat("runner", "telegram:-1001234"), None, None),
        (chat("runner", "slack:C0TRADING"), None, None),
    ],
)
def test_the_greater_of_the_chats_and_the_persons_role_counts_and_nothing_else(
    granted: dict[str, object], here: Role | None, elsewhere: Role | None
) -> None:
    rules = access(**granted)
    assert role_of(rules, ROOM, ALICE) is here
    assert role_of(rules, OTHER_ROOM, ALICE) is elsewhere


def test_a_topic_of_a_chat_has_the_chats_role() -> None:
    assert role_of(access(**chat("viewer")), Address("telegram", "-100123", thread="7"), ALICE) is Role.VIEWER


def test_an_admin_of_one_platform_is_a_stranger_on_the_other() -> None:
    assert role_of(access(**ADMINS), Address("slack", "C0TRADING"), Person("slack:1001", "Alice")) is None


def test_whoever_sits_at_the_terminal_is_admin() -> None:
    assert role_of(access(), Address("terminal", "terminal"), Person("terminal", "root")) is Role.ADMIN


def test_each_role_includes_those_before_it_and_is_spelt_as_in_the_configuration() -> None:
    assert Role.VIEWER < Role.RUNNER < Role.ADMIN
    assert [role.title for role in Role] == ["viewer", "runner", "admin"]


def test_a_stranger_is_greeted_once_for_each_person_and_chat() -> None:
    bob = Person("telegram:1002", "Bob")
    places = {place_of(where, who) for where in (ROOM, OTHER_ROOM) for who in (ALICE, bob)}
    assert len(places) == 4
    assert place_of(Address("telegram", "-100123", thread="7"), ALICE) == place_of(ROOM, ALICE)
