"""Whatever a file says, loading ends in settings or in a ConfigError, and never shows a secret."""

import contextlib
from datetime import date, datetime, time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.config import Settings
from core.config.loading import settings_from
from core.domain.errors import ConfigError

KNOWN = sorted(
    {*Settings.model_fields, "name", "kind", "route", "keys", "secret", "token", "url", "base_url"}
)
SECRETS = st.from_regex(r"(sk-[a-z0-9]{8}|xoxb-[0-9]{10}-)[A-Za-z0-9]{12,30}[0-9]", fullmatch=True)


def trees(scalars: st.SearchStrategy[Any], keys: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Documents that TOML could hold, mostly with keys that Conclave knows."""
    values = st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=12,
    )
    return st.dictionaries(keys, values, max_size=5)


SCALARS = (
    st.sampled_from(["llm", "baseline", "env:X", "http://x", "a:b"])
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.dates()
    | st.times()
    | st.datetimes()
)
KEYS = st.sampled_from(KNOWN) | st.text()


@given(tree=trees(SCALARS, KEYS))
def test_any_document_gives_settings_or_a_config_error(tree: dict[str, Any]) -> None:
    try:
        settings = settings_from(tree, {}, name="any.toml")
    except ConfigError as error:
        lines = str(error).split("\n")
        assert lines
        assert all(line.startswith("any.toml: ") and line.isprintable() for line in lines)
    else:
        assert isinstance(settings, Settings)


@st.composite
def known_sections(draw: st.DrawFn) -> dict[str, Any]:
    """Documents of real sections and keys with values of any kind, so that deep checks are reached."""
    tree: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        inner = getattr(field.default, "__class__", None)
        fields = list(getattr(inner, "model_fields", {})) or ["name", "route", "kind", "keys"]
        section = st.dictionaries(
            st.sampled_from(fields), SCALARS | st.lists(SCALARS, max_size=2), max_size=3
        )
        tree |= draw(st.just({}) | section.map(lambda value, name=name: {name: value}))
    return tree


@given(tree=known_sections())
def test_any_value_of_a_real_key_gives_settings_or_a_config_error(tree: dict[str, Any]) -> None:
    with contextlib.suppress(ConfigError):
        settings_from(tree, {}, name="any.toml")


@given(data=st.data(), secret=SECRETS)
def test_what_looks_like_a_secret_never_appears(data: st.DataObject, secret: str) -> None:
    scalars = st.just(secret) | st.sampled_from(["", "x", 1, True, f"http://x/?key={secret}", f"a:{secret}"])
    tree = data.draw(trees(scalars, st.sampled_from(KNOWN) | st.just(secret)))
    try:
        settings_from(tree, {}, name="any.toml")
    except ConfigError as error:
        assert secret not in str(error)


@given(
    secret=st.text(min_size=6).filter(lambda text: len(text.strip()) >= 6),
    place=st.sampled_from(["token", "tokn", "api_key", "bot_token", "password", "signing_secret"]),
)
def test_what_stands_behind_a_secrets_name_never_appears(secret: str, place: str) -> None:
    tree = {"slack": {place: f"<{secret}>", "mode": f"<{secret}>"}}
    try:
        settings_from(tree, {}, name="any.toml")
    except ConfigError as error:
        assert f"<{secret}>" not in str(error)
    else:
        raise AssertionError("the mode is wrong, so this must not load")


def test_dates_and_times_are_named_in_one_line_each() -> None:
    tree = {"arena": {"benchmark": date(2024, 1, 2)}, "x": [time(1), datetime(2024, 1, 2)]}  # noqa: DTZ001 - as TOML
    try:
        settings_from(tree, {}, name="any.toml")
    except ConfigError as error:
        assert str(error).count("no key takes a date or time") == 3
    else:
        raise AssertionError("a date must not load")
