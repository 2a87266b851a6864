"""What people enter in forms: which command it means, and what is wrong under which field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import parse
from bot.form_checks import read_run, read_subscription, read_terms
from core.domain.stage import Preset
from core.domain.subscription import ChatTerms, Noise
from tests.arena_facts import AS_OF

KNOWN = ("NVDA", "GOOG", "BRK-B")
ZONE = "America/New_York"


@pytest.mark.parametrize(
    ("fields", "command"),
    [
        ({"tickers": "nvda"}, "run $NVDA"),
        ({"tickers": "NVDA, aapl;NVDA", "preset": "configured"}, "run $NVDA $AAPL"),
        ({"tickers": "$nvda", "preset": "quick", "day": "2025-10-28"}, "run $NVDA quick 2025-10-28"),
        # A ticker that reads like a preset stays a ticker.
        ({"tickers": "quick", "preset": "deep"}, "run $QUICK deep"),
    ],
)
async def test_a_form_means_the_command_that_one_would_type(fields: dict[str, str], command: str) -> None:
    checked = await read_run(fields, KNOWN, AS_OF)
    assert checked == (command, {})
    parse(checked.command)


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({}, "tickers", "Which ticker? Write for instance NVDA."),
        ({"tickers": "NV DA!A"}, "tickers", "“DA!A” is not a ticker. Write one like NVDA, BRK-B or BTC-USD."),
        ({"tickers": "NVD@"}, "tickers", "“NVD@” is not a ticker. Did you mean NVDA?"),
        ({"tickers": "--members claude"}, "tickers", "“--members” is not a ticker."),
        ({"tickers": "A B C D E F"}, "tickers", "That is 6 tickers; one run takes up to 5."),
        ({"tickers": "NVDA", "preset": "depe"}, "preset", "“depe” is not a preset. Did you mean deep?"),
        ({"tickers": "NVDA", "preset": "x"}, "preset", "“x” is not a preset. Presets are"),
        ({"tickers": "NVDA", "day": "2025-10-30"}, "day", "That day's session has not closed yet."),
        ({"tickers": "NVDA", "day": "2025-13-45"}, "day", "“2025-13-45”"),
    ],
)
async def test_what_is_wrong_is_said_under_its_field(
    fields: dict[str, str], field: str, sentence: str
) -> None:
    errors = (await read_run(fields, KNOWN, AS_OF)).errors
    assert list(errors) == [field]
    assert errors[field].startswith(sentence)


@given(st.fixed_dictionaries({}, optional={n: st.text(max_size=60) for n in ("tickers", "preset")}))
async def test_whatever_is_entered_is_a_run_or_has_an_error(fields: dict[str, str]) -> None:
    checked = await read_run(fields, KNOWN, AS_OF)
    if not checked.errors:
        command, _ = parse(checked.command)
        assert command.name == "run"


@pytest.mark.parametrize(
    ("fields", "command"),
    [
        ({"topic": "digest", "when": "weekdays  09:00"}, "subscribe digest weekdays 09:00"),
        ({"topic": "digest", "when": "weekdays 09:00", "tickers": "??"}, "subscribe digest weekdays 09:00"),
        ({"topic": "alerts", "when": "never mind"}, "subscribe alerts on"),
        ({"topic": "verdicts", "when": "daily 9:00"}, "subscribe verdicts watchlist daily 9:00"),
        (
            {"topic": "verdicts", "tickers": "nvda brk-b", "when": "Mon 18:00"},
            "subscribe verdicts $NVDA,$BRK-B Mon 18:00",
        ),
    ],
)
async def test_a_subscription_means_the_command_that_one_would_type(
    fields: dict[str, str], command: str
) -> None:
    checked = await read_subscription(fields, KNOWN)
    assert checked == (command, {})
    parse(checked.command)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "topic"),
        ({"topic": "gossip", "when": "daily 9:00"}, "topic"),
        ({"topic": "digest"}, "when"),
        ({"topic": "digest", "when": "when it rains"}, "when"),
        ({"topic": "verdicts", "when": "daily 9:00", "tickers": "NVD@"}, "tickers"),
        ({"topic": "verdicts", "when": "daily 9:00", "tickers": " ".join("ABCDEFGHIJK")}, "tickers"),
    ],
)
async def test_a_wrong_subscription_is_refused_under_its_field(fields: dict[str, str], field: str) -> None:
    assert list((await read_subscription(fields, KNOWN)).errors) == [field]


async def test_only_what_the_form_has_is_changed() -> None:
    before = ChatTerms(noise=(("digest", Noise.SILENT),), runs_by="admin", cheaper=True, dark=True)
    terms, errors = await read_terms({"zone": ZONE}, before, ZONE)
    assert errors == {}
    assert terms == before


async def test_the_configured_choices_are_kept_as_none() -> None:
    before = ChatTerms(preset=Preset.DEEP, language="de")
    fields = {"zone": ZONE, "preset": "configured", "language": "en", "pictures": "off", "cheaper": "off"}
    terms, _ = await read_terms(fields, before, ZONE)
    assert (terms.zone, terms.preset, terms.language, terms.pictures) == (None, None, None, False)


async def test_each_kind_of_post_gets_its_own_noise_and_the_others_keep_theirs() -> None:
    before = ChatTerms(noise=(("digest", Noise.SILENT), ("flip", Noise.OFF)))
    fields = {"zone": ZONE, "noise-digest": "on", "noise-verdicts": "off", "noise-key": "silent"}
    terms, errors = await read_terms(fields, before, ZONE)
    assert errors == {}
    assert terms.noise == (("verdicts", Noise.OFF), ("flip", Noise.OFF), ("key", Noise.SILENT))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"zone": "Atlantis/Harbour"}, "zone"),
        ({}, "zone"),
        ({"zone": ZONE, "from": "22:00"}, "until"),
        ({"zone": ZONE, "until": "07:00"}, "from"),
        ({"zone": ZONE, "from": "22:00", "until": "22:00"}, "until"),
        ({"zone": ZONE, "from": "soon", "until": "22:00"}, "from"),
        ({"zone": ZONE, "preset": "huge"}, "preset"),
        ({"zone": ZONE, "noise-digest": "loud"}, "noise-digest"),
    ],
)
async def test_wrong_terms_change_nothing_and_say_so_under_their_field(
    fields: dict[str, str], field: str
) -> None:
    before = ChatTerms(cheaper=True)
    terms, errors = await read_terms({**fields, "cheaper": "off"}, before, ZONE)
    assert list(errors) == [field]
    assert terms == before
