"""How roles of the configuration and grants of admins go together."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.access import is_private, standing_at
from bot.request import Address, Person
from core.app.people import configured_role
from core.config.access import Access
from core.domain.errors import Refused
from core.domain.people import Grant, Role, granted_role
from core.domain.subscription import ChatTerms
from tests.arena_double import ArenaDouble
from tests.desk_scene import arena

AT = datetime(2025, 10, 29, tzinfo=UTC)
ALICE, BOB, MALLORY = "telegram:1001", "telegram:1002", "telegram:6666"
ROOM, OTHER = "telegram:-100123", "telegram:-100999"


def grant(role: str, person: str = MALLORY, chat: str = "", thread: str = "") -> Grant:
    return Grant.model_validate(
        {"person": person, "chat": chat, "thread": thread, "role": role, "granted_by": ALICE, "at": AT}
    )


GRANTS = st.builds(
    grant,
    st.sampled_from(["viewer", "runner", "admin", "nobody"]),
    st.sampled_from(["", MALLORY, BOB]),
    st.sampled_from(["", ROOM, OTHER]),
    st.sampled_from(["", "7", "8"]),
)
MANY = st.lists(GRANTS, max_size=8, unique_by=lambda one: (one.person, one.chat, one.thread))
PLACES = st.tuples(
    st.sampled_from([MALLORY, BOB]), st.sampled_from([ROOM, OTHER]), st.sampled_from(["", "7"])
)


@pytest.mark.parametrize(
    ("grants", "here", "in_topic", "elsewhere"),
    [
        ([], None, None, None),
        ([grant("viewer")], Role.VIEWER, Role.VIEWER, Role.VIEWER),
        ([grant("viewer"), grant("runner", chat=ROOM)], Role.RUNNER, Role.RUNNER, Role.VIEWER),
        ([grant("runner"), grant("viewer", chat=ROOM)], Role.RUNNER, Role.RUNNER, Role.RUNNER),
        ([grant("runner", chat=ROOM, thread="7")], None, Role.RUNNER, None),
        ([grant("runner", "", ROOM)], Role.RUNNER, Role.RUNNER, None),
        ([grant("runner"), grant("nobody", chat=ROOM)], None, None, Role.RUNNER),
        ([grant("runner", "", ROOM), grant("nobody", chat=ROOM)], None, None, None),
        ([grant("nobody"), grant("runner", chat=ROOM)], Role.RUNNER, Role.RUNNER, None),
        ([grant("nobody", chat=ROOM), grant("viewer", chat=ROOM, thread="7")], None, Role.VIEWER, None),
        ([grant("nobody", BOB, ROOM), grant("runner")], Role.RUNNER, Role.RUNNER, Role.RUNNER),
    ],
)
def test_the_greatest_grant_counts_and_nobody_cancels_what_is_about_as_much_or_more(
    grants: list[Grant], here: Role | None, in_topic: Role | None, elsewhere: Role | None
) -> None:
    assert granted_role(grants, MALLORY, ROOM) is here
    assert granted_role(grants, MALLORY, ROOM, "7") is in_topic
    assert granted_role(grants, MALLORY, OTHER) is elsewhere


@given(MANY, PLACES)
def test_the_order_of_grants_does_not_matter(grants: list[Grant], place: tuple[str, str, str]) -> None:
    assert granted_role(grants, *place) is granted_role(grants[::-1], *place)


@given(MANY, GRANTS, PLACES)
def test_one_more_role_never_takes_any_away_and_one_more_nobody_never_gives_any(
    grants: list[Grant], more: Grant, place: tuple[str, str, str]
) -> None:
    before = granted_role(grants, *place) or 0
    after = granted_role([*grants, more], *place) or 0
    assert after <= before if more.role == "nobody" else after >= before


@given(MANY, PLACES)
def test_a_role_always_comes_from_a_grant_that_holds_there(
    grants: list[Grant], place: tuple[str, str, str]
) -> None:
    role = granted_role(grants, *place)
    holding = {one.role for one in grants if one.holds(*place)}
    assert role is None or role.title in holding


@given(MANY)
async def test_no_grant_takes_away_what_the_configuration_gives(grants: list[Grant]) -> None:
    app = arena()
    for one in grants:
        await app.people_rows.grant(one)
    for chat in (ROOM, OTHER):
        assert await app.people.role(ALICE, chat) is Role.ADMIN
        assert (await app.people.role(BOB, chat) or 0) >= Role.VIEWER


def test_roles_of_the_configuration_may_hold_in_one_chat_or_topic_alone() -> None:
    access = Access.model_validate(
        {
            "chats": [{"id": ROOM, "role": "runner", "thread": "7"}],
            "people": [
                {"id": BOB, "role": "viewer"},
                {"id": BOB, "role": "runner", "chat": ROOM},
                {"id": BOB, "role": "admin", "chat": OTHER, "thread": "8"},
            ],
        }
    )
    assert configured_role(access, MALLORY, ROOM, "7") is Role.RUNNER
    assert configured_role(access, MALLORY, ROOM, "") is None
    assert configured_role(access, BOB, ROOM, "") is Role.RUNNER
    assert configured_role(access, BOB, OTHER, "") is Role.VIEWER
    assert configured_role(access, BOB, OTHER, "8") is Role.ADMIN
    assert configured_role(access, BOB, "", "") is Role.VIEWER


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"people": [{"id": BOB, "role": "viewer", "thread": "7"}]}, "name the chat as well"),
        ({"people": [{"id": BOB, "role": "viewer", "chat": ROOM, "runs_daily": 3}]}, "without chat"),
        ({"chats": [{"id": ROOM, "role": "viewer", "thread": "7", "usd_daily": "1"}]}, "without thread"),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused_with_what_to_write(
    entry: dict[str, object], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        Access.model_validate(entry)


async def test_where_only_admins_may_run_a_runner_is_viewer_and_everybody_else_what_they_were() -> None:
    app = ArenaDouble()
    await app.people.grant(BOB, "runner", by=ALICE)
    await app.people.grant(MALLORY, "viewer", by=ALICE)
    await app.people.grant(ALICE, "admin", by=ALICE)
    app.rows.by_chat[ROOM] = ChatTerms(runs_by="admin")

    async def roles(chat: str) -> list[Role | None]:
        place = Address("telegram", chat.partition(":")[2])
        return [(await standing_at(app, place, Person(who, ""))).role for who in (ALICE, BOB, MALLORY)]

    assert await roles(ROOM) == [Role.ADMIN, Role.VIEWER, Role.VIEWER]
    assert await roles(OTHER) == [Role.ADMIN, Role.RUNNER, Role.VIEWER]


async def test_who_is_admin_everywhere_by_a_grant_is_an_admin_in_every_respect() -> None:
    app = arena()
    await app.people.grant(MALLORY, "admin", by=ALICE)
    await app.people.grant(BOB, "admin", by=ALICE, chat=ROOM)
    assert await app.people.admins() == (ALICE, MALLORY)
    assert await app.people.is_admin_everywhere(MALLORY)
    assert not await app.people.is_admin_everywhere(BOB)
    assert await app.people.role(BOB, ROOM, "7") is Role.ADMIN


async def test_what_the_configuration_gives_cannot_be_taken_and_everybody_is_no_admin() -> None:
    app = arena()
    with pytest.raises(Refused, match=r"has a role by \[access\]"):
        await app.people.remove(ALICE, by=MALLORY)
    for role, chat in (("admin", ROOM), ("viewer", "")):
        with pytest.raises(Refused, match="Everybody can only be viewer or runner"):
            await app.people.grant("", role, by=ALICE, chat=chat)  # type: ignore[arg-type]


def test_a_private_chat_is_known_by_its_id() -> None:
    bob = Person("telegram:1002", "Bob")
    assert is_private(Address("telegram", "1002"), bob)
    assert not is_private(Address("telegram", "-1002"), bob)
    assert not is_private(Address("telegram", "1001"), bob)
    assert is_private(Address("slack", "D0BOB"), Person("slack:U0BOB", "bob"))
    assert not is_private(Address("slack", "C0BOB"), Person("slack:U0BOB", "bob"))
