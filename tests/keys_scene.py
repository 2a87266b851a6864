"""Three keys of one provider, and who asked with which."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from core.config.members import MemberSettings
from core.config.providers import ProviderKey
from core.config.secret import SecretRef
from core.domain.provider_health import KeyCondition
from core.llm.gateway import Gateway
from core.llm.port import Ask, Message
from tests.loopback import model_replies as say
from tests.loopback.model_server import ModelServer

EVENING = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
NAMES = ("one", "two", "three")
ENVIRON = {f"KEY_{name.upper()}": f"made-up-secret-{name}-{number}234" for number, name in enumerate(NAMES)}
ASK = Ask(messages=(Message(role="user", content="Buy or sell?"),), max_output_tokens=100)
MEMBER = MemberSettings(name="claude", route=("loopback:claude-x",), tier="premium")
Build = Callable[..., Gateway]


def key(name: str, **more: Any) -> ProviderKey:
    return ProviderKey(name=name, secret=SecretRef(f"env:KEY_{name.upper()}"), **more)


def keys_asked(models: ModelServer) -> list[str]:
    names = {secret: name.removeprefix("KEY_").lower() for name, secret in ENVIRON.items()}
    return [names.get(request.key, "?") for request in models.requests]


def by_key(**behaviours: say.Behaviour) -> say.Behaviour:
    """Each key is treated its own way; others get a good answer."""
    chosen = {ENVIRON[f"KEY_{name.upper()}"]: behaviour for name, behaviour in behaviours.items()}
    return lambda request: chosen.get(request.key, say.filled())(request)


async def served_by(gateway: Gateway, ask: Ask = ASK, member: MemberSettings = MEMBER) -> str:
    return (await gateway.model_for(member).ask(ask)).served_by.key


async def conditions(gateway: Gateway) -> dict[str, KeyCondition]:
    (provider,) = await gateway.health()
    return {found.name: found.condition for found in provider.keys}
