"""Checking a provider and its keys, without a single model call."""

import logging
from collections.abc import AsyncIterator

import pytest

from core.clock import SystemClock
from core.config.providers import Provider, ProviderKey
from core.config.settings import SecretRef, Settings
from core.domain.errors import AuthenticationFailed, ModelServerFailed
from core.llm.gateway import Gateway
from core.llm.probe import is_openrouter
from tests.loopback.model_server import ModelServer

SECRET = "made-up-secret-0123456789"
ENVIRON = {"LOOPBACK_KEY": SECRET, "SPARE_KEY": "made-up-spare-987654321"}
MAIN = ProviderKey(name="main", secret=SecretRef("env:LOOPBACK_KEY"))
SPARE = ProviderKey(name="spare", secret=SecretRef("env:SPARE_KEY"))


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as running:
        yield running


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    opened = Gateway(Settings(), environ=ENVIRON, clock=SystemClock())
    yield opened
    await opened.close()


async def test_a_probe_passes_where_every_key_is_taken(server: ModelServer, gateway: Gateway) -> None:
    await gateway.probe(Provider(name="loopback", base_url=server.base_url, keys=(MAIN, SPARE)))

    assert [(request.path, request.key) for request in server.requests] == [
        ("/v1/models", SECRET),
        ("/v1/models", ENVIRON["SPARE_KEY"]),
    ]


async def test_a_probe_says_what_is_wrong_without_the_key(
    server: ModelServer, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.keys = {"another key"}

    with pytest.raises(AuthenticationFailed) as caught:
        await gateway.probe(Provider(name="loopback", base_url=server.base_url, keys=(MAIN,)))

    assert caught.value.reason == "loopback refused the request (401): Incorrect API key: [hidden]"
    assert SECRET not in caplog.text
    assert SECRET not in repr(gateway) + repr(vars(gateway._connections))


async def test_a_probe_of_nothing_says_so(gateway: Gateway) -> None:
    with pytest.raises(ModelServerFailed, match="loopback could not be reached"):
        await gateway.probe(Provider(name="loopback", base_url="http://127.0.0.1:1/v1", keys=(MAIN,)))
    with pytest.raises(AuthenticationFailed, match="has no key"):
        await gateway.probe(Provider(name="empty", base_url="http://127.0.0.1:1"))


def test_openrouter_is_probed_where_it_checks_the_key() -> None:
    assert is_openrouter(Provider(name="o", base_url="https://openrouter.ai/api/v1"))
    assert not is_openrouter(Provider(name="o", base_url="https://openrouter.ai.example.com/api/v1"))
