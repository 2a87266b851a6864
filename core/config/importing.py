"""A JSON configuration of an arena of trading models, as `config.toml`.

Its shape: `models` with `name`, `basemodel`, `signature`, `enabled`, and where wanted `openai_base_url` and
`openai_api_key`; `agent_config` with `max_steps`, `max_retries`, `base_delay`, `initial_cash`; `log_config`
with `log_path`. Other fields are named as not taken over.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from core.config.loading import settings_from
from core.config.presets import PRESETS
from core.domain.errors import ConfigError

LARGEST = 1_000_000
"""Bytes of a file that is read."""

_NAME_SIGNS = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)
_LONGEST_NAME = 40
_HOSTS = {preset.base_url.split("/")[2]: name for name, preset in PRESETS.items() if not preset.local}

_Plain = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: _Plain
    basemodel: _Plain
    signature: _Plain | None = None
    enabled: bool = True
    openai_base_url: _Plain | None = None
    openai_api_key: str | None = None


class _Agent(BaseModel):
    model_config = ConfigDict(extra="allow")

    max_steps: Annotated[int, Field(ge=1, le=200)] | None = None
    max_retries: Annotated[int, Field(ge=0, le=10)] | None = None
    base_delay: Annotated[Decimal, Field(ge=0, le=60, allow_inf_nan=False)] | None = None
    initial_cash: Annotated[Decimal, Field(gt=0, le=10**9, allow_inf_nan=False)] | None = None


class _Log(BaseModel):
    model_config = ConfigDict(extra="allow")

    log_path: _Plain | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="allow")

    models: Annotated[tuple[_Model, ...], Field(min_length=1, max_length=100)]
    agent_config: _Agent = _Agent()
    log_config: _Log = _Log()


class Imported(NamedTuple):
    """The text of a `config.toml` that loads, and a sentence for all that it does not say."""

    toml: str
    notes: tuple[str, ...]


def imported(file: Path) -> Imported:
    """Return what the JSON file says, as a configuration.

    Raises:
        ConfigError: the file cannot be read, or is no such configuration; a secret in it is never shown.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file.name} cannot be read ({error.strerror}).") from None
    if len(content) > LARGEST:
        raise ConfigError(f"{file.name} is larger than {LARGEST:,} bytes; it is no such configuration.")
    try:
        given = _File.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ConfigError(f"{file.name}: {place}: {_message(first['msg'])}.") from None
    toml, notes = _Writer(given).written()
    # What is written must load: whatever the checks of the configuration refuse is refused here.
    settings_from(tomllib.loads(toml), {}, name=file.name)
    return Imported(toml, notes)


def _message(text: str) -> str:
    return text.removeprefix("Value error, ").rstrip(".")


class _Writer:
    """Writes one file; names of members and providers are made fit and unique."""

    def __init__(self, given: _File) -> None:
        self._given = given
        self._members: set[str] = set()
        self._providers: dict[str, str] = {}
        self._keyed: set[str] = set()
        self._notes: list[str] = []

    def written(self) -> tuple[str, tuple[str, ...]]:
        """Return the TOML and the notes."""
        members = [line for model in self._given.models for line in self._member(model)]
        lines = [*self._head(), *self._provider_lines(), *members]
        self._notes += [f"{place} is not taken over; there is no such setting." for place in self._left_out()]
        return "\n".join(lines).strip() + "\n", tuple(self._notes)

    def _head(self) -> Iterator[str]:
        agent, log = self._given.agent_config, self._given.log_config
        if agent.initial_cash is not None:
            yield from ("[arena]", f'initial_cash = "{agent.initial_cash.quantize(Decimal("0.01"))}"', "")
        if log.log_path:
            yield from ("[archive]", f"dir = {_text(log.log_path)}", "")
        pipeline = {
            "max_steps": agent.max_steps,
            "max_retries": agent.max_retries,
            "base_delay_s": agent.base_delay,
        }
        if any(value is not None for value in pipeline.values()):
            yield "[pipeline]"
            yield from (f"{key} = {value}" for key, value in pipeline.items() if value is not None)
            yield ""

    def _member(self, model: _Model) -> Iterator[str]:
        name = self._unique(model.signature or model.name)
        provider = self._provider(model)
        yield "[[members]]"
        yield f"name = {_text(name)}"
        yield f"route = [{_text(f'{provider}:{model.basemodel}')}]"
        if not model.enabled:
            yield "enabled = false"
        yield ""

    def _provider(self, model: _Model) -> str:
        """Return the provider that serves a model; OpenRouter where the file names no address."""
        address = (model.openai_base_url or PRESETS["openrouter"].base_url).rstrip("/")
        if address not in self._providers:
            host = address.partition("://")[2].partition("/")[0]
            known = next((n for n, preset in PRESETS.items() if preset.base_url == address), None)
            name = known or _HOSTS.get(host) or _fit(host.partition(":")[0]) or "provider"
            taken = set(self._providers.values())
            self._providers[address] = name if name not in taken else f"{name[:36]}-{len(taken) + 1}"
        provider = self._providers[address]
        if model.openai_api_key:
            self._keyed.add(provider)
            note = f"The key of {provider} in the file is not taken over: put it into {_variable(provider)}."
            self._notes += [] if note in self._notes else [note]
        return provider

    def _provider_lines(self) -> Iterator[str]:
        for address, name in self._providers.items():
            preset = PRESETS.get(name)
            yield from ("[[providers]]", f"name = {_text(name)}")
            if preset is None or preset.base_url != address:
                yield f"base_url = {_text(address)}"
                if _is_near(address) and name not in self._keyed:
                    yield "local = true"
                else:
                    yield from ("[[providers.keys]]", 'name = "main"', f'secret = "env:{_variable(name)}"')
            yield ""

    def _unique(self, wished: str) -> str:
        fit = _fit(wished) or "model"
        name, number = fit, 2
        while name.casefold() in self._members:
            name, number = f"{fit[: _LONGEST_NAME - 4]}-{number}", number + 1
        self._members.add(name.casefold())
        if name != wished:
            self._notes.append(f"{json.dumps(wished)} is called {name} here.")
        return name

    def _left_out(self) -> Iterator[str]:
        given = self._given
        yield from (given.model_extra or {})
        yield from (f"agent_config.{key}" for key in given.agent_config.model_extra or {})
        yield from (f"log_config.{key}" for key in given.log_config.model_extra or {})
        extra: dict[str, None] = {}
        for model in given.models:
            extra.update(dict.fromkeys(model.model_extra or {}))
        yield from (f"models[].{key}" for key in extra)


def _fit(text: str) -> str:
    return _NAME_SIGNS.sub("-", text).strip("-._")[:_LONGEST_NAME].rstrip("-._")


def _variable(provider: str) -> str:
    preset = PRESETS.get(provider)
    known = preset.variable if preset else None
    word = re.sub(r"[^A-Z0-9]+", "_", provider.upper()).strip("_")
    return known or f"{'' if word[:1].isalpha() else 'MODELS_'}{word}_API_KEY"


def _is_near(address: str) -> bool:
    """Say whether an address is on this machine or in its own network, where endpoints need no key."""
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_private
    except ValueError:
        return host == "localhost"


def _text(value: str) -> str:
    """Return a TOML string; JSON's escapes are TOML's too, but for the one sign that JSON lets through."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
