"""A configuration file, good or bad, into settings or into one line for each mistake."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.config import Settings, load_settings
from core.domain.errors import ConfigError
from core.domain.stage import Preset


def mistakes(folder: Path, toml: str, environ: dict[str, str] | None = None) -> list[str]:
    """Load `toml` and return the lines of the error, each without the file's name in front."""
    file = folder / "config.toml"
    file.write_text(toml, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(file, environ or {})
    lines = str(caught.value).split("\n")
    assert all(line.startswith(f"{file}: ") and line.isprintable() for line in lines)
    return [line.removeprefix(f"{file}: ") for line in lines]


def test_values_of_the_file_arrive_typed_and_exact(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[arena]\ninitial_cash = "2500.50"\n[pipeline]\npreset = "quick"\n[trading]\nfee_bps = 0.1\n'
    )
    settings = load_settings(file, {})
    assert settings.arena.initial_cash == Decimal("2500.50")
    assert settings.pipeline.preset is Preset.QUICK
    assert settings.trading.fee_bps == Decimal("0.1")


def test_settings_cannot_be_changed(empty_folder: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings(None, {}).arena.strict = False  # type: ignore[misc]


def test_a_file_given_outright_wins_over_the_variable_and_the_usual_name(empty_folder: Path) -> None:
    for name, ticker in (("given.toml", "AAA"), ("named.toml", "BBB"), ("config.toml", "CCC")):
        (empty_folder / name).write_text(f'arena.benchmark = "{ticker}"')
    named = {"CONCLAVE_CONFIG": "named.toml"}
    assert load_settings(Path("given.toml"), named).arena.benchmark == "AAA"
    assert load_settings(None, named).arena.benchmark == "BBB"
    assert load_settings(None, {"CONCLAVE_CONFIG": " "}).arena.benchmark == "CCC"


def test_a_file_that_the_variable_names_must_exist(empty_folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"^gone\.toml: there is no such file\.$"):
        load_settings(None, {"CONCLAVE_CONFIG": "gone.toml"})


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path, {})


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"[arena\n", "not valid TOML: .*line 1"),
        (b"a = 1\na = 2\n", "not valid TOML: .*line 2"),
        (b"\xff\xfe", "not UTF-8 text"),
        (b"a = " + b"1" * 5000, "not valid TOML"),
        (b"a = " + b"[" * 5000, "not valid TOML"),
        (b"a = 0x" + b"f" * 5000, "number is too large"),
        (b"a" + b".a" * 5000 + b" = 1", "nested more than 20 deep"),
    ],
)
def test_a_broken_document_is_one_sentence(tmp_path: Path, raw: bytes, said: str) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(raw)
    with pytest.raises(ConfigError, match=said) as caught:
        load_settings(file, {})
    assert str(caught.value).count("\n") == 0


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b"\xef\xbb\xbf[arena]\nbenchmark = 'QQQ'\n")
    assert load_settings(file, {}).arena.benchmark == "QQQ"


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        (
            'pipeline.presett = "quick"',
            'pipeline.presett = "quick": is not a known key; the nearest is pipeline.preset; '
            "known in [pipeline]: preset, stage_timeout_s, run_timeout_s, max_steps, max_retries, "
            "base_delay_s, debate_rounds, max_concurrency, memory, evidence_tokens.",
        ),
        (
            "archive.max_position = 0.3",
            "archive.max_position = 0.3: is not a known key; there is trading.max_position; "
            "known in [archive]: dir.",
        ),
        ("archive.zzz = 1", "archive.zzz = 1: is not a known key; known in [archive]: dir."),
        (
            'pipeline.preset = "quik"',
            "pipeline.preset = \"quik\": must be 'quick', 'standard' or 'deep'; the nearest is \"quick\".",
        ),
        ("arena.initial_cash = -5", "arena.initial_cash = -5: must be greater than 0."),
        ("http.port = '8080'", 'http.port = "8080": must be a whole number.'),
        ("arena.strict = 1", "arena.strict = 1: must be true or false."),
        ("budget.daily_usd = true", "budget.daily_usd = true: must be a number."),
        ("trading.fee_bps = inf", "trading.fee_bps = inf: must be a finite number."),
        ("telegram = 3", "telegram = 3: must be a table."),
        ("market.prices = 'csv'", 'market.prices = "csv": must be an array such as [].'),
        (
            "market.prices = ['csv', 'yahoo']",
            "market.prices[2] = \"yahoo\": must be 'yfinance', 'alpha_vantage', 'csv' or 'sample'.",
        ),
        (
            "arena.benchmark = 'S P Y'",
            'arena.benchmark = "S P Y": must be a ticker such as NVDA, BRK-B or BTC-USD.',
        ),
        (
            "arena.timezone = 'Mars/Base'",
            'arena.timezone = "Mars/Base": must be a time zone such as America/New_York or UTC.',
        ),
        (
            "access.admins = ['@me']",
            'access.admins[1] = "@me": must be an id such as telegram:1001 or slack:U0ALICE.',
        ),
        (
            "arena.benchmark = 2024-01-02",
            "arena.benchmark = 2024-01-02: no key takes a date or time without quotes.",
        ),
        (
            "budget.tiers.quick = 1",
            "budget.tiers.quick: the key must be 'premium', 'advanced', 'specialised' or 'fast'.",
        ),
        ("[[providers]]\nname = 'local'", "providers[local].base_url: is missing, and it has no default."),
        (
            "[[members]]\nname = 'trend'\nkind = 'baseline'\n[[members]]\nname = 'claude'",
            'members[claude]: a member of kind "llm" needs route = ["provider:model id"].',
        ),
        (
            "[[members]]\nkind = 'baseline'\nname = 'trent'",
            'members[trent]: "trent" is no baseline; a baseline is one of '
            "buy_and_hold, momentum, mean_reversion, trend, coin_flip, sma_cross.",
        ),
        (
            "[[members]]\nname = 'a b'\nroute = ['x:y']\nweight = 2",
            "members[1].weight = 2: must be less than",
        ),
        (
            "[[members]]\nname = 'claude'\nroute = ['openruter:x']",
            'members[claude].route names the provider "openruter", which is not configured; '
            "configured: none.",
        ),
        (
            "providers = [{name='a', base_url='http://b'}]\nmembers = [{name='Crowd', route=['a:b']}]",
            "the member name Crowd is reserved: arena.crowd seats the member of that name; choose another.",
        ),
        (
            "members = [{name = 'trend', kind = 'baseline'}, {name = 'trend', kind = 'baseline'}]",
            "the member name trend is given twice; names are unique.",
        ),
    ],
)
def test_each_mistake_names_key_value_and_what_is_allowed(tmp_path: Path, toml: str, line: str) -> None:
    found = mistakes(tmp_path, toml)
    assert any(said.startswith(line) for said in found), found


def test_all_mistakes_are_listed(tmp_path: Path) -> None:
    found = mistakes(tmp_path, "arenas = 1\n[arena]\nstrict = 2\nfoo = 3\n[slack]\nmode = 'x'\n")
    assert sorted(line.split(":")[0] for line in found) == [
        "arena.foo = 3",
        "arena.strict = 2",
        "arenas = 1",
        'slack.mode = "x"',
    ]


def test_several_mistakes_of_one_member_are_several_lines(tmp_path: Path) -> None:
    found = mistakes(tmp_path, "[[members]]\nname = 'claude'\nkind = 'baseline'\nroute = ['nowhere']\n")
    assert [line.split(":")[0] for line in found] == ["members[claude]"] * 3


def test_a_strange_key_stays_on_one_line(tmp_path: Path) -> None:
    (line,) = mistakes(tmp_path, '[arena]\n"new\\nline\\u2028" = 1\n')
    assert line.startswith('arena."new line " = 1: is not a known key')


SECRET = "sk-or-v1-7f3a9c0e5b2d4f6a8c1e"


@pytest.mark.parametrize(
    "toml",
    [
        f"telegram.token = '{SECRET}'",
        f"telegram.tokenn = '{SECRET}'",
        f"telegram.mode = '{SECRET}'",
        f"telegram.'{SECRET}' = 1",
        f"'{SECRET}'.x = 1",
        f"store.url = 'postgres://me:{SECRET}@db/conclave'",
        f"slack.base_url = 'ftp://x/?token={SECRET}'",
        f"providers = [{{name = 'a', base_url = 'http://x', keys = [{{name = 'k', secret = '{SECRET}'}}]}}]",
        f"[[providers]]\nname = '{SECRET}'",
        f"[[members]]\nname = 'claude'\nroute = ['{SECRET}']",
        f"[[members]]\nname = 'claude'\nroute = ['{SECRET}:x']",
        f"[[members]]\nname = '{SECRET}'\nkind = 'baseline'",
        f"[http]\ntoken = ['{SECRET}']",
        f"a = '{SECRET}",
        f"a = {SECRET}",
        f"{SECRET} {SECRET}",
    ],
)
def test_a_secret_in_the_wrong_place_is_never_repeated(tmp_path: Path, toml: str) -> None:
    assert SECRET[6:] not in "\n".join(mistakes(tmp_path, toml))


def test_a_short_password_is_hidden_wherever_else_it_stands(tmp_path: Path) -> None:
    text = "\n".join(mistakes(tmp_path, "telegram.token = 'hunter2'\nslack.mode = 'hunter2'\n"))
    assert "hunter2" not in text


def test_a_key_of_the_environment_is_hidden_wherever_it_stands(tmp_path: Path) -> None:
    environ = {"SOME_API_KEY": "plain-words-only"}
    text = "\n".join(mistakes(tmp_path, "slack.mode = 'plain-words-only'", environ))
    assert "plain-words" not in text


def test_neither_cause_nor_context_of_the_error_holds_the_value(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"telegram.token = '{SECRET}'")
    with pytest.raises(ConfigError) as caught:
        load_settings(file, {})
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_loaded_secret_shows_only_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("telegram.token = 'env:MY_TOKEN'")
    settings = load_settings(file, {"MY_TOKEN": SECRET})
    dumped: Any = json.loads(settings.model_dump_json())
    assert dumped["telegram"]["token"] == "env:MY_TOKEN"
    assert SECRET not in repr(settings)
    assert settings.telegram.token.reveal({"MY_TOKEN": SECRET}) == SECRET


def test_settings_survive_a_round_trip_through_json(empty_folder: Path) -> None:
    settings = load_settings(None, {"OPENROUTER_API_KEY": "x"})
    assert Settings.model_validate_json(settings.model_dump_json()) == settings


ROUTED = "providers = [{name = 'a', base_url = 'http://b'}]\nmembers = [{name = 'claude', route = ['a:b']}]\n"


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        (
            "routing.rules = [{name = 'x', use = 'premum'}]",
            'routing.rules[x].use names "premum", which is not configured; the nearest is premium.',
        ),
        (
            "routing.models = [{name = 'fast', member = 'claud'}]",
            'routing.models[fast].member names "claud", which is not configured; the nearest is claude.',
        ),
        (
            "routing.models = [{name = 'fast', route = ['zzz:b']}]",
            'routing.models[fast].route names "zzz", which is not configured; known: a.',
        ),
        (
            "routing.models = [{name = 'fast'}]",
            'routing.models[fast]: needs either member = "claude" or route = ["provider:model id"], '
            "and not both.",
        ),
        (
            "routing.tests = [{name = 't', a = 'fast', b = 'fast'}]",
            "routing.tests[t]: a and b are the same; a test is between two.",
        ),
        (
            "routing.tests = [{name = 't', kind = 'preset', a = 'quick', b = 'slow'}]",
            "routing.tests[t]: a and b of a test of presets are each one of quick, standard, deep.",
        ),
        (
            "routing.rules = [{name = 'x', use = 'fast', when = {volume = 'hig'}}]",
            "routing.rules[x].when.volume = \"hig\": must be 'high' or 'normal'; the nearest is \"high\".",
        ),
    ],
)
def test_what_routing_names_must_be_there(tmp_path: Path, toml: str, line: str) -> None:
    assert line in mistakes(tmp_path, ROUTED + toml)


def test_what_routing_names_must_be_among_the_default_members_where_these_sit(tmp_path: Path) -> None:
    toml = "routing.rules = [{name = 'x', use = 'claud'}]"
    assert mistakes(tmp_path, toml, {"OPENROUTER_API_KEY": "x"}) == [
        'routing.rules[x].use names "claud", which is not configured; the nearest is claude.'
    ]
