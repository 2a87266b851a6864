"""What may stand behind `/people` and `/audit`, what their buttons carry, and what is kept of words."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.deeds import deed_of_press, deed_of_words, word_of
from bot.people_arguments import AuditArguments, PeopleArguments, audit, people
from bot.people_buttons import Decide, ShowAudit, ShowPeople, decode, encode
from core.app.deeds import harmless
from core.domain.errors import Refused

WISHES = st.one_of(
    st.builds(Decide, st.integers(1, 999_999_999), st.sampled_from(["viewer", "runner", None])),
    st.builds(ShowPeople, st.integers(1, 999_999_999)),
    st.builds(ShowAudit, st.integers(1, 500), st.integers(1, 50), st.booleans()),
)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", PeopleArguments()),
        ("telegram:1002 runner", PeopleArguments("telegram:1002", "runner")),
        ("slack:U0BOB ADMIN Here", PeopleArguments("slack:U0BOB", "admin", "here")),
        ("1002 viewer topic", PeopleArguments("1002", "viewer", "topic")),
        ("<@U0BOB|bob> viewer thread", PeopleArguments("U0BOB", "viewer", "topic")),
        ("@U0BOB viewer", PeopleArguments("U0BOB", "viewer")),
        ("everybody viewer here", PeopleArguments("everybody", "viewer", "here")),
        ("remove telegram:1002", PeopleArguments("telegram:1002")),
        ("remove telegram:1002 here", PeopleArguments("telegram:1002", None, "here")),
    ],
)
def test_people_is_read_in_every_form(text: str, read: PeopleArguments) -> None:
    assert people(text.split()) == read


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("remove", "Whom?"),
        ("telegram:1002", "A role is viewer, runner or admin."),
        ("telegram:1002 king", "“king” is no role."),
        ("telegram:1002 runner there", "“there” is no place."),
        ("telegram:1002 runner here now", "“here now” is no place."),
        ("telegram:-1001 runner", "is no id of a person"),
        ("slack:C0TRADING runner", "is no id of a person"),
        ("<b> viewer", "is no id of a person"),
        ("x" * 200, "is no id of a person"),
    ],
)
def test_people_is_refused_with_what_to_write(text: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        people(text.split())
    assert said in str(refused.value)
    assert len(str(refused.value)) < 300


def test_audit_takes_how_many() -> None:
    assert audit([]) == AuditArguments()
    assert audit(["100"]) == AuditArguments(100)
    for words in (["0"], ["501"], ["-1"], ["ten"], ["1", "2"], ["٣"]):
        with pytest.raises(Refused, match="from 1 to 500"):
            audit(words)


@given(WISHES)
def test_every_button_is_read_back_and_fits(wish: Decide | ShowPeople | ShowAudit) -> None:
    data = encode(wish)
    assert len(data.encode()) <= 64
    assert decode(data) == wish


@given(st.text(max_size=64) | st.from_regex(r"(g|au)\.[a-z0-9.]{0,20}", fullmatch=True))
def test_no_data_written_by_hand_do_anything_but_be_read_or_refused(data: str) -> None:
    with contextlib.suppress(Refused):
        assert encode(decode(data)) == data


@pytest.mark.parametrize("wish", [Decide(0, None), ShowPeople(0), ShowAudit(0, 1, everywhere=True)])
def test_a_button_that_could_not_be_read_back_is_not_made(wish: Decide | ShowPeople | ShowAudit) -> None:
    with pytest.raises(ValueError, match="no button can carry"):
        encode(wish)


@pytest.mark.parametrize(
    "secret", ["xoxb-12", "sk-ant-abc", "7000000001:AAF9jqkWbGdUx", "x" * 40, "abcd1234efgh5678"]
)
def test_words_that_look_like_secrets_are_not_kept(secret: str) -> None:
    kept = harmless(f"/settings token {secret} please", 80)
    assert kept == "/settings token … please"
    assert harmless(f"“{secret}” is no setting.", 80) == "… is no setting."


def test_ids_of_people_and_chats_are_no_secrets() -> None:
    text = "/people telegram:1002003004005 admin in telegram:-1001234567890, slack:U0123456789ABCD"
    assert harmless(text, 100) == text


@given(st.text(max_size=300), st.integers(5, 200))
def test_what_is_kept_is_one_line_of_limited_length(text: str, longest: int) -> None:
    kept = harmless(text, longest)
    assert len(kept) <= longest
    assert "\n" not in kept


def test_commands_are_kept_by_name_and_strangers_words_not_at_all() -> None:
    assert deed_of_words("Season end now") == "/season end now"
    assert deed_of_words("board 7d") == "/leaderboard 7d"
    assert word_of("run NVDA my secret") == "/run"
    assert word_of("") == "/start"
    assert word_of("my secret is 42") == "a message"


@pytest.mark.parametrize(
    ("data", "what", "privileged"),
    [
        ("s.0123abcd.p.3", "button: pause subscription 3", True),
        ("s.0123abcd.d.3", "button: delete subscription 3", True),
        ("s.0123abcd.t.q.on", "button: settings q.on", True),
        ("s.0123abcd.t.z", "button: settings z", False),
        ("s.0123abcd.a", "button: subscribe", False),
        ("s.0123abcd.a.d", "button: subscribe digest", False),
        ("s.0123abcd.a.a", "button: subscribe alerts", True),
        ("s.0123abcd.l.1", "button: subscriptions", False),
        ("g.1.v", "button: people", False),
        ("au.a.50.1", "button: audit", False),
        ("v.k3v9.b", "button: vote", False),
        ("w.k3v9.1", "button: read", False),
        ("s.x", "button: unknown", False),
        ("evil", "button: unknown", False),
    ],
)
def test_buttons_are_kept_in_words(data: str, what: str, *, privileged: bool) -> None:
    assert deed_of_press(data) == (what, privileged)
