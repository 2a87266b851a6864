"""What may stand behind `/settings`, and what a person is told who mistypes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.arguments import SettingsArguments
from bot.commands import parse
from bot.present.style import LOCALES
from bot.settings_arguments import settings
from core.domain.errors import Refused
from core.domain.stage import Preset
from core.domain.subscription import NOISY, Noise


def refusal(text: str) -> str:
    with pytest.raises(Refused) as caught:
        parse(f"settings {text}")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("language de", {"language": "de"}),
        ("LANGUAGE EN_gb", {"language": "en-GB"}),
        ("lang en", {"language": None}),
        ("preset deep", {"preset": Preset.DEEP}),
        ("preset default", {"preset": None}),
        ("runs admin", {"runs_by": "admin"}),
        ("who may admins", {"runs_by": "admin"}),
        ("runs runner", {"runs_by": "runner"}),
        ("pictures off", {"pictures": False}),
        ("dark mode on", {"dark": True}),
        ("noise digest silent", {"noise": {"digest": Noise.SILENT}}),
        ("noise take profit off", {"noise": {"take_profit": Noise.OFF}}),
        ("noise model-down on", {"noise": {"model_down": Noise.ON}}),
        ("noise all off", {"noise": dict.fromkeys(NOISY, Noise.OFF)}),
        (
            "noise alerts off",
            {
                "noise": dict.fromkeys(
                    ("stop", "take_profit", "flip", "model_down", "budget", "season", "key", "route"),
                    Noise.OFF,
                )
            },
        ),
        ("reset", {}),
    ],
)
def test_a_line_is_one_change(text: str, changes: dict[str, object]) -> None:
    assert parse(f"settings {text}")[1] == SettingsArguments(changes)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "language klingon",
            "“klingon” is no language that I write numbers and days in. Write /settings language de, or one "
            f"of: {', '.join(LOCALES)}.",
        ),
        ("preset depp", "“depp” is no preset. Did you mean deep?"),
        ("preset", "Write /settings preset quick, standard, deep or default."),
        (
            "runs everybody",
            "Write /settings runs admin, so that only admins start runs here, or /settings runs runner.",
        ),
        (
            "noise",
            "Write what and how: /settings noise digest silent. What comes by itself is "
            f"{', '.join(NOISY)} or alerts, and each is on, silent or off.",
        ),
        ("noise digset off", "Nothing that comes by itself is called “digset”. Did you mean digest?"),
        (
            "pictures perhaps",
            "Write /settings pictures on, to get tables and curves as pictures too, or off.",
        ),
        ("pictres off", "“pictres” is no setting of a chat. Did you mean pictures?"),
    ],
)
def test_a_mistake_is_told_with_what_to_write(text: str, sentence: str) -> None:
    assert refusal(text) == sentence


@given(
    st.lists(
        st.text(max_size=30) | st.sampled_from(["noise", "language", "quiet", "runs", "off", "digest"]),
        max_size=5,
    )
)
def test_any_words_are_a_change_or_refused_in_one_short_sentence(words: list[str]) -> None:
    try:
        found = settings(words)
    except Refused as refused:
        assert len(str(refused)) < 400
        assert "\n" not in str(refused)
    else:
        assert found.changes is None or set(found.changes) <= {
            "language", "zone", "preset", "runs_by", "noise", "quiet_from", "quiet_until", "cheaper",
            "pictures", "dark",
        }  # fmt: skip
