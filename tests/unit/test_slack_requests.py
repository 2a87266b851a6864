"""From recorded payloads of Slack to requests and presses."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.request import Address
from bot.slack_requests import command_request, event_request, place_from, place_of, pressed, team_of, typed

SLASH: dict[str, Any] = {
    "token": "gIkuvaNzQIHg97ATvDxqgjtO",
    "team_id": "T0001",
    "team_domain": "example",
    "channel_id": "C0TRADING",
    "channel_name": "trading",
    "user_id": "U0ALICE",
    "user_name": "alice",
    "command": "/conclave",
    "text": "run NVDA quick",
    "api_app_id": "A123456",
    "is_enterprise_install": "false",
    "response_url": "https://hooks.slack.example/commands/1234/5678",
    "trigger_id": "13345224609.738474920.8088930838d88f008e0",
}
MENTION: dict[str, Any] = {
    "token": "ZZZZZZWSxiZZZ2yIvs3peJ",
    "team_id": "T0001",
    "api_app_id": "A123456",
    "event": {
        "type": "app_mention",
        "user": "U0ALICE",
        "text": "<@U0CONCLAVE> run NVDA",
        "ts": "1515449522.000016",
        "channel": "C0TRADING",
        "event_ts": "1515449522000016",
    },
    "type": "event_callback",
    "event_id": "Ev0LAN670R",
    "event_time": 1515449522000016,
    "authorizations": [{"team_id": "T0001", "user_id": "U0CONCLAVE", "is_bot": True}],
}
PRESS: dict[str, Any] = {
    "type": "block_actions",
    "user": {"id": "U0ALICE", "username": "alice", "name": "alice", "team_id": "T0001"},
    "container": {
        "type": "message",
        "message_ts": "1548261231.000200",
        "channel_id": "C0TRADING",
        "is_ephemeral": False,
    },
    "trigger_id": "12321423423.333649436676.d8c1bb83",
    "team": {"id": "T0001", "domain": "example"},
    "api_app_id": "A123456",
    "channel": {"id": "C0TRADING", "name": "trading"},
    "message": {"type": "message", "ts": "1548261231.000200", "text": "…"},
    "response_url": "https://hooks.slack.example/actions/1234/5678",
    "actions": [
        {
            "action_id": "conclave.why.0",
            "block_id": "b4",
            "type": "button",
            "value": "w.k3v9.1",
            "action_ts": "1548426417.840180",
        }
    ],
}


def event(**changes: Any) -> dict[str, Any]:
    return MENTION | {"event": MENTION["event"] | changes}


def test_a_slash_command_becomes_a_request() -> None:
    request = command_request(SLASH)

    assert request is not None
    assert request.text == "run NVDA quick"
    assert request.address == Address("slack", "C0TRADING")
    assert (request.person.id, request.person.name) == ("slack:U0ALICE", "alice")
    assert request.delivery == "A123456:T0001:13345224609.738474920.8088930838d88f008e0"
    assert not request.private


@pytest.mark.parametrize(
    ("command", "text", "understood"),
    [
        ("/run", "NVDA", "run NVDA"),
        ("/leaderboard", "", "leaderboard"),
        ("/conclave", "", ""),
        ("/conclave", "/run NVDA", "run NVDA"),
        ("/conclave-test", "run  NVDA\n deep", "run NVDA deep"),
        ("/Conclave", "help", "help"),
    ],
)
def test_commands_are_understood_by_their_name(command: str, text: str, understood: str) -> None:
    request = command_request(SLASH | {"command": command, "text": text})

    assert request is not None
    assert request.text == understood


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("<@U0CONCLAVE> run NVDA", "run NVDA"),
        ("hey <@U0CONCLAVE|conclave>   run\xa0NVDA", "run NVDA"),
        ("<@U0CONCLAVE> /run NVDA", "run NVDA"),
        ("<@U0CONCLAVE>", ""),
        ("<@U0CONCLAVE> why <http://BRK.B|BRK.B> AT&amp;T", "why BRK.B AT&T"),
    ],
)
def test_a_mention_is_understood_by_what_follows_it(text: str, understood: str) -> None:
    request = event_request(event(text=text))

    assert request is not None
    assert request.text == understood
    assert request.delivery == "A123456:T0001:Ev0LAN670R"


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("run GOOG <@U0CONCLAVE>", "run GOOG"),
        ("/leaderboard <@U0CONCLAVE>!", "leaderboard"),
        ("<@U0BOB> <@U0CONCLAVE> run NVDA", "run NVDA"),
        (" <@U0CONCLAVE> what is this?", "what is this?"),
        ("thanks <@U0CONCLAVE> !", None),
        ("thanks for your help <@U0CONCLAVE>", None),
        ("why did you say that <@U0CONCLAVE>", None),
        ("I asked <@U0CONCLAVE> and NVDA it was", None),
    ],
)
def test_a_mention_among_other_words_is_heard_only_beside_a_whole_command(
    text: str, understood: str | None
) -> None:
    request = event_request(event(text=text))

    assert (request and request.text) == understood


def test_two_apps_or_workspaces_never_share_a_delivery() -> None:
    bodies = [MENTION, MENTION | {"api_app_id": "A2"}, MENTION | {"team_id": "T2"}]
    bare = {key: value for key, value in MENTION.items() if key not in {"api_app_id", "team_id"}}
    requests = [event_request(body) for body in (*bodies, bare)]

    assert len({request.delivery for request in requests if request}) == 4
    assert requests[-1]
    assert requests[-1].delivery == "Ev0LAN670R"


def test_an_event_tells_no_name() -> None:
    request = event_request(MENTION)

    assert request is not None
    assert (request.person.id, request.person.name) == ("slack:U0ALICE", "")


def test_a_mention_in_a_thread_keeps_the_thread() -> None:
    request = event_request(event(thread_ts="1515449000.000001"))

    assert request is not None
    assert request.address == Address("slack", "C0TRADING", "1515449000.000001")


def test_a_direct_message_is_private() -> None:
    request = event_request(event(type="message", channel_type="im", channel="D0ALICE", text="run NVDA"))

    assert request is not None
    assert request.private
    assert request.text == "run NVDA"


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast"])
def test_what_a_person_writes_with_a_file_or_from_a_thread_to_the_channel_is_heard(subtype: str) -> None:
    request = event_request(event(subtype=subtype))

    assert request is not None
    assert request.text == "run NVDA"


@pytest.mark.parametrize(
    "changes",
    [
        {"bot_id": "B0OTHER"},
        {"subtype": "message_changed"},
        {"subtype": "bot_message"},
        {"edited": {"user": "U0ALICE", "ts": "1"}},
        {"type": "message", "channel_type": "channel"},
        {"text": "run NVDA without a mention"},
        {"text": "<@U0OTHER> run NVDA"},
        {"user": None},
        {"text": None},
    ],
)
def test_what_is_no_command_to_us_is_ignored(changes: dict[str, Any]) -> None:
    assert event_request(event(**changes)) is None


@pytest.mark.parametrize("body", [{}, {"event": None}, {"event": {}}, {"event_id": 1}])
def test_broken_events_and_commands_are_ignored(body: dict[str, Any]) -> None:
    assert event_request(body) is None
    assert command_request(body) is None
    assert pressed(body) is None


def test_a_press_knows_where_it_happened() -> None:
    found = pressed(PRESS)

    assert found is not None
    assert found.press.data == "w.k3v9.1"
    assert found.press.address == Address("slack", "C0TRADING")
    assert found.press.delivery == "A123456:T0001:12321423423.333649436676.d8c1bb83"
    assert found.card == "1548261231.000200"
    assert found.view is None


def test_a_press_in_a_thread_keeps_the_thread() -> None:
    found = pressed(PRESS | {"message": {"ts": "2.0", "thread_ts": "1.0"}})

    assert found is not None
    assert found.press.address.thread == "1.0"


def test_a_press_below_a_message_with_replies_is_in_the_channel() -> None:
    found = pressed(PRESS | {"message": {"ts": "1.0", "thread_ts": "1.0"}})

    assert found is not None
    assert found.press.address.thread is None
    assert found.card == "1548261231.000200"


def test_a_choice_in_a_menu_is_a_press() -> None:
    action = {
        "action_id": "conclave.stage",
        "type": "static_select",
        "selected_option": {"value": "p.k3v9.1.5.1"},
    }
    found = pressed(PRESS | {"actions": [action]})

    assert found is not None
    assert found.press.data == "p.k3v9.1.5.1"


def test_a_press_in_a_modal_remembers_the_chat() -> None:
    place = Address("slack", "C0TRADING", "1.0")
    view = {"id": "V1", "hash": "abc", "private_metadata": place_of(place)}
    body = {key: PRESS[key] for key in ("type", "user", "trigger_id", "actions")} | {"view": view}
    found = pressed(body)

    assert found is not None
    assert found.press.address == place
    assert (found.view, found.seen, found.card) == ("V1", "abc", None)


@pytest.mark.parametrize("metadata", ["", "x", "[]", "{}", "null", '{"chat": 1}'])
def test_a_modal_that_is_not_ours_is_no_place(metadata: str) -> None:
    assert place_from(metadata) is None


def test_an_ephemeral_message_has_no_thread_to_answer_in() -> None:
    found = pressed(PRESS | {"container": PRESS["container"] | {"is_ephemeral": True}, "message": None})

    assert found is not None
    assert found.card is None


def test_typed_text_loses_slacks_markup_but_no_word() -> None:
    assert (
        typed("<@U1|bob> <#C1|general> <!here> <https://x.example|x> &lt;b&gt;") == "@U1 #general @here x <b>"
    )


@pytest.mark.parametrize(
    ("body", "team"),
    [
        ({"team_id": "T1"}, "T1"),
        ({"team": {"id": "T2", "domain": "x"}}, "T2"),
        ({"team": None, "user": {"id": "U1", "team_id": "T3"}}, "T3"),
        # In a shared channel the writer may be of another workspace than the one that has the app.
        ({"team_id": "T1", "authorizations": [{"team_id": "T4", "is_bot": True}]}, "T4"),
        ({"team_id": "T1", "authorizations": []}, "T1"),
        ({}, None),
    ],
)
def test_the_workspace_is_that_of_the_installation(body: dict[str, Any], team: str | None) -> None:
    assert team_of(body) == team


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("team_id", "team", "user", "authorizations"), _JSON))
)
def test_no_payload_is_of_a_workspace_that_is_no_text(body: dict[str, Any]) -> None:
    found = team_of(body)
    assert found is None or isinstance(found, str)


def test_conclave_takes_every_subcommand_with_its_words() -> None:
    body = {"user_id": "U0ALICE", "channel_id": "C0", "trigger_id": "1.2", "command": "/conclave"}
    said = [
        command_request(body | {"text": text}) for text in ("help run", "  run  NVDA quick ", "", "/help run")
    ]
    assert [request and request.text for request in said] == ["help run", "run NVDA quick", "", "help run"]
