"""One endpoint model over a simulated endpoint, as the endpoint's tests ask it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from core.clock import ManualClock
from core.config.providers import Provider
from core.domain.errors import ModelFailure
from core.llm.answer_schema import answer_schema
from core.llm.connections import Connections
from core.llm.dialect import Dialects
from core.llm.endpoint import EndpointModel
from core.llm.notes import Notes
from core.llm.port import Ask, Message
from core.llm.prices import Prices
from core.llm.states import KeptInMemory, KeyStates
from tests.loopback.model_server import ModelServer

KEY = "made-up-key-0123456789abcdef"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PRICES = Prices(in_usd_per_mtok=Decimal(3), out_usd_per_mtok=Decimal(15))


class Opinion(BaseModel):
    action: str
    reasoning: str


ASK = Ask(messages=(Message(role="user", content="Buy or sell?"),), max_output_tokens=500)
SHAPED = ASK.model_copy(update={"answer": answer_schema(Opinion)})


def forgetful_dialects(states: KeyStates | None = None, clock: ManualClock | None = None) -> Dialects:
    """What is learned is kept in memory, or in `states`."""
    clock = clock or ManualClock(NOON)
    return Dialects(Notes(states or KeptInMemory(), clock), clock)


def model(server: ModelServer, connections: Connections, **changes: Any) -> EndpointModel:
    timeout_s = changes.setdefault("timeout_s", 5.0)
    base_url = changes.pop("base_url", server.base_url)
    provider = Provider(name="loopback", base_url=base_url, timeout_s=timeout_s)
    settings: dict[str, Any] = {
        "provider_name": "loopback",
        "model_id": "m",
        "key_name": "main",
        "temperature": None,
        "prices": PRICES,
        "clock": ManualClock(NOON),
        "dialects": forgetful_dialects(),
        "base_url": base_url,
    }
    return EndpointModel(connections.client(provider, "main", KEY), **(settings | changes))


async def failure_of(endpoint: EndpointModel, ask: Ask = ASK) -> ModelFailure:
    with pytest.raises(ModelFailure) as caught:
        await endpoint.ask(ask)
    return caught.value
