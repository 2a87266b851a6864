"""What `conclave check` finds: what the settings alone tell, and what answers when it is asked."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from core.config import Settings, inactive
from core.config.members import MemberSettings
from core.config.providers import Provider
from core.config.secret import SecretRef
from core.domain.check import Check
from core.domain.errors import ConclaveError, ConfigError
from core.domain.member import MemberKind


class Probe(NamedTuple):
    """A question to something outside. `ask` returns what was seen, without secrets, or raises."""

    name: str
    ask: Callable[[], Awaitable[str]]
    mend: str


async def inspect(
    settings: Settings,
    environ: Mapping[str, str],
    probes: Sequence[Probe],
    *,
    limit_s: float = 15.0,
    granted: int = 0,
) -> tuple[Check, ...]:
    """Return what the settings tell, then one line a probe, asked all at once, in the order given.

    A probe that takes longer than `limit_s` seconds, or fails in whatever way, is a failed line. `granted` is
    how many roles admins have given in chats.
    """
    answers = await ask_all(probes, limit_s)
    return (*settings_checks(settings, environ, granted), *answers)


async def ask_all(probes: Sequence[Probe], limit_s: float) -> tuple[Check, ...]:
    """Return one line a probe, asked all at once, in the order given; each has `limit_s` seconds."""
    return tuple(await asyncio.gather(*(_answer(probe, limit_s) for probe in probes)))


def settings_checks(settings: Settings, environ: Mapping[str, str], granted: int = 0) -> Iterator[Check]:
    """Yield what can be said without asking anyone: members, keys, vendors, folders, chats, access."""
    yield _members(settings)
    for provider in settings.providers:
        yield _provider(provider, settings.members, environ)
    yield _folder("archive", Path(settings.archive.dir))
    telegram = _secrets("telegram", {"token": settings.telegram.token}, environ)
    slack = _secrets(
        "slack", {"bot_token": settings.slack.bot_token, "app_token": settings.slack.app_token}, environ
    )
    yield telegram
    yield slack
    if "http" in settings.model_fields_set:
        yield _http(settings, environ)
    yield _access(settings, granted, chats_on=telegram.state == "ok" or slack.state == "ok")
    for sentence in inactive(settings):
        yield Check(name="settings", state="off", detail=sentence)


async def _answer(probe: Probe, limit_s: float) -> Check:
    try:
        async with asyncio.timeout(limit_s):
            seen = await probe.ask()
    except TimeoutError:
        return Check(
            name=probe.name, state="failed", detail=f"no answer in {limit_s:g} seconds", mend=probe.mend
        )
    except ConclaveError as error:
        return Check(name=probe.name, state="failed", detail=str(error), mend=probe.mend)
    except Exception as error:  # noqa: BLE001 - a broken part is a line of the report, never the report's end
        # Only the kind: the text of a foreign error may hold an address with a secret in it.
        return Check(name=probe.name, state="failed", detail=type(error).__name__, mend=probe.mend)
    return Check(name=probe.name, state="ok", detail=seen)


def _members(settings: Settings) -> Check:
    enabled = [member for member in settings.members if member.enabled]
    models = sum(member.kind is MemberKind.LLM for member in enabled)
    detail = f"{models} models and {len(enabled) - models} baselines"
    needed = settings.consensus.min_members
    if len(enabled) >= needed:
        return Check(name="members", state="ok", detail=detail)
    return Check(
        name="members",
        state="failed",
        detail=f"{detail}; a verdict needs {needed} ballots",
        mend="Enable more [[members]], or lower consensus.min_members.",
    )


def _provider(provider: Provider, members: Sequence[MemberSettings], environ: Mapping[str, str]) -> Check:
    name = f"keys of {provider.name}"
    routes = [hop for member in members if member.enabled for hop in member.hops]
    if not any(hop.partition(":")[0] == provider.name for hop in routes):
        return Check(name=name, state="off", detail="no enabled member is routed to it")
    if not provider.keys and not provider.local:
        return Check(
            name=name,
            state="failed",
            detail="it has no key",
            mend=f"Add [[providers.keys]] to {provider.name}, or local = true if it needs none.",
        )
    missing = [found for key in provider.keys if (found := _missing(key.secret, environ))]
    if missing:
        return Check(name=name, state="failed", detail=" ".join(missing), mend="Set it, or remove the key.")
    detail = f"{len(provider.keys)} present" if provider.keys else "it needs none"
    return Check(name=name, state="ok", detail=detail)


def _folder(name: str, folder: Path) -> Check:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".conclave-check"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return Check(
            name=name,
            state="failed",
            detail=f"{folder} cannot be written ({error.strerror})",
            mend=f"Make it writable, or name another in [{name}] dir.",
        )
    return Check(name=name, state="ok", detail=str(folder))


def _secrets(name: str, secrets: Mapping[str, SecretRef], environ: Mapping[str, str]) -> Check:
    missing = {key: found for key, secret in secrets.items() if (found := _missing(secret, environ))}
    if not missing:
        return Check(name=name, state="ok", detail="its secrets are present")
    if len(missing) == len(secrets):
        return Check(name=name, state="off", detail=next(iter(missing.values())))
    return Check(
        name=name,
        state="failed",
        detail=" ".join(missing.values()),
        mend=f"Set {', '.join(f'{name}.{key}' for key in missing)} as well.",
    )


def _http(settings: Settings, environ: Mapping[str, str]) -> Check:
    http = settings.http
    named = {"token": http.token} | {f"tokens[{token.name}]": token.secret for token in http.tokens}
    present = [name for name, secret in named.items() if secret.present(environ)]
    missing = [found for token in http.tokens if (found := _missing(token.secret, environ))]
    place = f"{http.host}:{http.port}"
    if missing:
        mend = "Set it, or remove the token."
        return Check(name="http", state="failed", detail=" ".join(missing), mend=mend)
    if present:
        tokens = "token" if len(present) == 1 else "tokens"
        return Check(name="http", state="ok", detail=f"{place}, with {len(present)} {tokens}")
    if http.is_local:
        return Check(name="http", state="ok", detail=f"{place}; everybody on this machine may ask")
    return Check(
        name="http",
        state="failed",
        detail=f"{place} can be reached by others and has no token, so nobody may ask",
        mend=f"Set {http.token}, or listen on 127.0.0.1.",
    )


def _access(settings: Settings, granted: int, *, chats_on: bool) -> Check:
    access = settings.access
    named = len(access.admins) + len(access.people) + len(access.chats)
    if named or granted or not chats_on:
        detail = f"{named} persons and chats"
        detail += f", and {granted} roles given in chats" if granted else ""
        return Check(name="access", state="ok" if named or granted else "off", detail=detail)
    return Check(
        name="access",
        state="failed",
        detail="a chat is connected, and nobody may use it",
        mend="Write /whoami to the bot, and put your id into [access] admins.",
    )


def _missing(secret: SecretRef, environ: Mapping[str, str]) -> str | None:
    try:
        secret.reveal(environ)
    except ConfigError as error:
        return str(error)
    return None
