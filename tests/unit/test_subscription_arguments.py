"""What may stand behind the commands about subscriptions, and what a person is told who mistypes."""

from datetime import time

import pytest

from bot.arguments import (
    Arguments,
    SettingsArguments,
    SubscribeArguments,
    SubscriptionsArguments,
    UnsubscribeArguments,
)
from bot.commands import parse
from core.domain.errors import Refused
from core.domain.subscription import AtTime, Topic, Wanted

FRIDAY = Wanted(topic=Topic.LEADERBOARD, when=AtTime(days=(5,), at=time(17), zone="America/New_York"))


def read(text: str) -> Arguments:
    return parse(text)[1]


def refusal(text: str) -> str:
    with pytest.raises(Refused) as caught:
        parse(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("subscribe", SubscribeArguments()),
        ("subscribe leaderboard fridays 17:00 America/New_York", SubscribeArguments(FRIDAY)),
        ("subscribe 3 leaderboard fridays 17:00 america/new_york", SubscribeArguments(FRIDAY, 3)),
        ("subscribe #12 alerts on", SubscribeArguments(Wanted(topic=Topic.ALERTS), 12)),
        ("subscriptions", SubscriptionsArguments()),
        ("subscriptions ALL", SubscriptionsArguments(everywhere=True)),
        ("unsubscribe", UnsubscribeArguments()),
        ("unsubscribe 3", UnsubscribeArguments(3)),
        ("unsubscribe #3", UnsubscribeArguments(3)),
        ("unsubscribe all", UnsubscribeArguments(everything=True)),
        ("settings", SettingsArguments()),
        ("settings default", SettingsArguments({})),
        ("settings cheaper on", SettingsArguments({"cheaper": True})),
        ("settings cheaper OFF", SettingsArguments({"cheaper": False})),
    ],
)
def test_a_line_is_read(text: str, arguments: Arguments) -> None:
    assert read(text) == arguments


@pytest.mark.parametrize(
    "text",
    [
        "timezone Europe/London",
        "timezone europe/london",
        "zone London",
        "time zone london",
        "tz LONDON",
    ],
)
def test_a_time_zone_is_known_by_its_name_in_any_case_and_by_its_city(text: str) -> None:
    assert read(f"settings {text}") == SettingsArguments({"zone": "Europe/London"})


def test_a_city_of_two_words_is_known() -> None:
    assert read("settings timezone new york") == SettingsArguments({"zone": "America/New_York"})


@pytest.mark.parametrize(
    "text",
    [
        "22:00-07:00",
        "22:00 – 07:00",
        "22:00 to 07:00",
        "from 22:00 until 7:00",
        "10pm-7am",
        "hours 22:00 07:00",
    ],
)
def test_quiet_hours_are_read_as_people_write_them(text: str) -> None:
    assert read(f"settings quiet {text}") == SettingsArguments(
        {"quiet_from": time(22), "quiet_until": time(7)}
    )


def test_quiet_off_ends_them() -> None:
    assert read("settings quiet off") == SettingsArguments({"quiet_from": None, "quiet_until": None})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "subscribe 3",
            "What shall 3 become? Write for instance /subscribe 3 digest before open; "
            "/unsubscribe 3 ends it.",
        ),
        ("subscribe digset daily", "I can't subscribe you to “digset”. Did you mean digest?"),
        (
            "subscriptions mine",
            "/subscriptions lists those of this chat, and /subscriptions all those of every chat.",
        ),
        ("unsubscribe 3 4", "One at a time: write /unsubscribe 3, or /unsubscribe all."),
        (
            "unsubscribe al",
            "“al” is no number of a subscription. /subscriptions lists them. Did you mean /unsubscribe all?",
        ),
        ("unsubscribe 0", "“0” is no number of a subscription. /subscriptions lists them."),
        ("settings timezon UTC", "“timezon” is no setting of a chat. Did you mean timezone?"),
        ("settings timezone", "Which time zone? Write for instance /settings timezone Europe/London."),
        (
            "settings timezone Europe/Lodnon",
            "I don't know the time zone “Europe/Lodnon”. Did you mean Europe/London?",
        ),
        ("settings timezone lodon", "I don't know that time zone. Did you mean Europe/London?"),
        (
            "settings quiet",
            "Write for instance /settings quiet 22:00-07:00, or /settings quiet off.",
        ),
        (
            "settings quiet sometimes",
            "“sometimes” are no quiet hours. Write for instance /settings quiet 22:00-07:00, "
            "or /settings quiet off.",
        ),
        ("settings quiet 25:00-07:00", "“25:00” is no time of day: write it like 16:30 or 4:30pm."),
        (
            "settings quiet 07:00-07:00",
            "Quiet hours that end when they begin are none. Write for instance 22:00-07:00, or off.",
        ),
        (
            "settings cheaper perhaps",
            "Write /settings cheaper on, to let a run be a quick one when the budget leaves no more, or off.",
        ),
        ("subscrbe digest", "I don't know the command “subscrbe”. Did you mean /subscribe?"),
    ],
)
def test_a_mistake_is_told_with_what_to_write(text: str, sentence: str) -> None:
    assert refusal(text) == sentence


@pytest.mark.parametrize(
    "hostile", ["\x1b[2J", "<!channel>", "a" * 5000, "../../etc/passwd", "$(rm)", "\u202e"]
)
@pytest.mark.parametrize(
    "command", ["subscribe", "unsubscribe", "settings", "settings timezone", "settings quiet"]
)
def test_hostile_words_are_refused_in_a_short_printable_sentence(command: str, hostile: str) -> None:
    sentence = refusal(f"{command} {hostile}")
    assert len(sentence) < 250
    assert sentence.isprintable()
