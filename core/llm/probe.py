"""Does a provider answer, and does it take the key?"""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.config.providers import Provider
from core.domain.errors import ModelFailure
from core.llm.sdk_errors import foreign, late, rejected, unreached

if TYPE_CHECKING:
    from openai import AsyncOpenAI


async def probe_endpoint(
    client: "AsyncOpenAI", provider: Provider, *, openrouter: bool, now: datetime
) -> None:
    """Ask for the list of models, which costs nothing; OpenRouter shows it to all, so there for the key.

    Raises:
        ModelFailure: what is wrong.
    """
    from openai import APIConnectionError, APIStatusError

    failure: ModelFailure | None = None
    try:
        async with asyncio.timeout(provider.timeout_s):
            await client.get("/key" if openrouter else "/models", cast_to=object)
    except APIStatusError as error:
        failure = rejected(error, provider.name, client.api_key, now).failure
    except TimeoutError:
        failure = late(provider.name, provider.timeout_s)
    except APIConnectionError as error:
        failure = unreached(error, provider.name, provider.timeout_s, client.api_key)
    except Exception as error:  # noqa: BLE001 - the SDK lets errors of the libraries below it through
        failure = foreign(error, provider.name)
    if failure is not None:
        raise failure


def is_openrouter(provider: Provider) -> bool:
    """Say whether a provider is OpenRouter itself."""
    host = urlsplit(provider.base_url).hostname or ""
    return host == "openrouter.ai" or host.endswith(".openrouter.ai")
