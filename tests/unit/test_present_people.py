"""The cards about people, drawn by all three platforms, whatever somebody is called or has written."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from bot import slack_render, telegram_render
from bot.cards import Card, DialogueCard, Notice
from bot.people_buttons import ShowAudit, ShowPeople, decode
from bot.present.audit import audit_card
from bot.present.people import (
    decided_card,
    invitation_card,
    outcome_notice,
    people_card,
    quota_words,
    removed_words,
)
from bot.terminal_render import render as terminal
from core.config.access import Access
from core.domain.people import Deed, Grant, Invitation, InvitationState
from core.domain.quota import Left, Quota, Used
from tests.loopback.slack_rules import message_error, notified
from tests.loopback.telegram_rules import check_keyboard, check_text

AT = datetime(2025, 10, 29, 20, tzinfo=UTC)
ZONE = ZoneInfo("Europe/London")
HOSTILE = st.one_of(
    st.text(st.characters(), max_size=120),
    st.lists(
        st.sampled_from(
            [
                "<b>",
                "@all",
                "<!channel>",
                "<@U0ALICE>",
                "https://evil.example",
                "&lt;",
                "[red]",
                "\u202e",
                "x" * 90,
            ]
        ),
        max_size=8,
    ).map("".join),
)


def invitation(name: str = "Mallory", **more: object) -> Invitation:
    values = {"number": 1, "person": "telegram:6666", "name": name, "chat": "telegram:-1", "asked_at": AT}
    return Invitation.model_validate({**values, "expires_at": AT + timedelta(days=1), **more})


def cards(text: str) -> list[Card]:
    approved = {"state": "approved", "role": "runner", "decided_by": "telegram:1001", "decided_at": AT}
    deeds = [
        Deed(
            number=n,
            at=AT,
            person="slack:U0BOB",
            chat="slack:C0TRADING",
            thread="17.5",
            what=text,
            outcome="refused",
            note=text,
        )
        for n in range(10)
    ]
    grants = [Grant(person="telegram:1", chat="telegram:-1", role="nobody", granted_by="x", at=AT)] * 20
    return [
        invitation_card(invitation(text), ZONE),
        decided_card(invitation(text, **approved), ZONE),
        outcome_notice(invitation(text, **approved)),
        people_card(Access(), grants, [invitation(text)] * 4, chat=None, done=text),
        audit_card(deeds, ZONE, shown=ShowAudit(50, 2, everywhere=True), kept=90),
    ]


@given(HOSTILE)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_platform_refuses_a_card_or_calls_anybody_whatever_somebody_is_called(text: str) -> None:
    for card in cards(text):
        on_telegram = telegram_render.render(card)
        rows = [
            [{"text": label, "callback_data": data} for label, data in row] for row in on_telegram.keyboard
        ]
        check_keyboard({"inline_keyboard": rows} if rows else None)
        parsed = check_text(on_telegram.text_html, "HTML")
        assert parsed.of("mention", "url", "email", "text_link", "text_mention") == []
        on_slack = slack_render.render(card)
        assert message_error({"text": on_slack.text, "blocks": on_slack.blocks}, update=True) is None
        assert notified(on_slack.blocks) == []
        assert terminal(card, width=100) is not None


def test_pages_of_people_hold_a_dozen_and_turn_both_ways() -> None:
    grants = [
        Grant(person=f"telegram:{n}", role="viewer", granted_by="telegram:1001", at=AT) for n in range(1, 30)
    ]
    first, second, last = (people_card(Access(), grants, (), chat=None, page=page) for page in (1, 2, 9))
    assert [len(card.facts) for card in (first, second, last)] == [12, 12, 5]
    assert [[decode(button.data) for button in card.buttons] for card in (first, second, last)] == [
        [ShowPeople(2)],
        [ShowPeople(1), ShowPeople(3)],
        [ShowPeople(2)],
    ]


def test_everybody_of_the_configuration_is_listed_where_they_matter() -> None:
    access = Access.model_validate(
        {
            "admins": ["telegram:1"],
            "people": [
                {"id": "telegram:2", "role": "runner"},
                {"id": "telegram:3", "role": "viewer", "chat": "telegram:-9", "thread": "7"},
            ],
            "chats": [{"id": "telegram:-1", "role": "viewer"}],
        }
    )
    everywhere = people_card(access, (), (), chat=None).facts
    assert everywhere == (
        ("telegram:1", "admin everywhere, by [access]"),
        ("telegram:2", "runner everywhere, by [access]"),
        ("telegram:3", "viewer in thread 7 of telegram:-9, by [access]"),
        ("Everybody", "viewer in telegram:-1, by [access]"),
    )
    here = people_card(access, (), (), chat="telegram:-9").facts
    assert [who for who, _ in here] == ["telegram:1", "telegram:2", "telegram:3"]


def test_an_outcome_says_what_one_may_do_and_where() -> None:
    private = invitation(chat="telegram:6666", state="approved", role="viewer", decided_by="a", decided_at=AT)
    assert outcome_notice(private) == Notice(
        text="Welcome! An admin has let you in as viewer: here you may read, open reasoning and vote. "
        "/leaderboard shows who leads, and /help lists everything."
    )
    denied = invitation(state="denied", decided_by="a", decided_at=AT)
    assert outcome_notice(denied).text == "Mallory: An admin has decided not to let you in."


def test_an_expired_request_has_no_buttons() -> None:
    card = decided_card(invitation(state=InvitationState.EXPIRED), ZONE)
    assert isinstance(card, DialogueCard)
    assert card.buttons == ()
    assert card.title.startswith("Expired")


@pytest.mark.parametrize(
    ("person", "chat", "count", "said"),
    [
        ("telegram:2", "", 2, "telegram:2 has no role anywhere any more."),
        ("telegram:2", "", 0, "telegram:2 had no role that was given in a chat; nothing has changed."),
        ("telegram:2", "telegram:-1", 0, "telegram:2 has no role in telegram:-1 any more."),
        ("", "telegram:-1", 1, "Not everybody has a role in telegram:-1 any more."),
    ],
)
def test_what_was_taken_is_said_as_it_is(person: str, chat: str, count: int, said: str) -> None:
    assert removed_words(person, chat, count) == said


def test_what_is_left_is_scarce_from_a_fifth_on() -> None:
    def words(used: int, *, only_scarce: bool) -> str:
        return quota_words([Left("your", Quota(5), Used(used))], only_scarce=only_scarce)

    assert words(3, only_scarce=True) == ""
    assert words(4, only_scarce=True) == "1 of your 5 runs left today"
    assert words(9, only_scarce=False) == "0 of your 5 runs left today"
    assert quota_words([Left("your", Quota(), Used())], only_scarce=False) == ""


def test_the_terminal_shows_the_facts_of_a_request() -> None:
    console = Console(width=100, record=True, file=None)
    with console.capture() as captured:
        console.print(terminal(invitation_card(invitation("[bold]Eve"), ZONE), width=100))
    assert "[bold]Eve (telegram:6666)" in captured.get()
