"""The list of models that a provider offers, read without trusting any of it.

OpenRouter tells prices in USD a token, as texts; vLLM, llama.cpp and others tell how much a model reads.
Whatever is missing or makes no sense is not said: at OpenRouter a price below zero is one that is not known
before.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from core.config.providers import Provider
from core.domain.errors import BadAnswer, ModelFailure
from core.domain.listed import ListedModel
from core.llm.sdk_errors import foreign, late, rejected, unreached

if TYPE_CHECKING:
    from openai import AsyncOpenAI

MOST_MODELS = 5_000
LARGEST = 32 * 1024 * 1024
"""Bytes of a list that is read."""

_LONGEST_ID = 200
_MILLION = Decimal(1_000_000)
_CONTEXT = ("context_length", "context_window", "max_model_len", "max_context_length")


async def ask_list(client: "AsyncOpenAI", provider: Provider, at: datetime) -> tuple[ListedModel, ...]:
    """Ask a provider for its list of models, which costs nothing.

    Raises:
        ModelFailure: it did not answer, or not with a list.
    """
    from openai import APIConnectionError, APIStatusError

    failure: ModelFailure
    try:
        async with asyncio.timeout(provider.timeout_s):
            response = await client.models.with_raw_response.list()
            found = read_list(provider.name, response.content, at)
    except APIStatusError as error:
        failure = rejected(error, provider.name, client.api_key, at).failure
    except TimeoutError:
        failure = late(provider.name, provider.timeout_s)
    except APIConnectionError as error:
        failure = unreached(error, provider.name, provider.timeout_s, client.api_key)
    except Exception as error:  # noqa: BLE001 - the SDK lets errors of the libraries below it through
        failure = foreign(error, provider.name)
    else:
        if found:
            return found
        failure = BadAnswer(f"{provider.name} answered with something that is no list of models")
    raise failure


def read_list(provider: str, body: bytes, at: datetime) -> tuple[ListedModel, ...]:
    """Return the models of a list, each once; empty where it is none."""
    if len(body) > LARGEST:
        return ()
    try:
        told = json.loads(body, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
        return ()
    data = told.get("data") if isinstance(told, dict) else None
    entries = data[:MOST_MODELS] if isinstance(data, list) else []
    found = {one.model: one for one in _models(provider, entries, at)}
    return tuple(found.values())


def _models(provider: str, entries: list[Any], at: datetime) -> Iterator[ListedModel]:
    for entry in entries:
        model = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(model, str) or not 0 < len(model) <= _LONGEST_ID or not model.isprintable():
            continue
        pricing = entry.get("pricing")
        prices: Mapping[str, Any] = pricing if isinstance(pricing, dict) else {}
        said = {
            "price_in_usd_per_mtok": _price(prices.get("prompt")),
            "price_out_usd_per_mtok": _price(prices.get("completion")),
            "price_cached_usd_per_mtok": _price(prices.get("input_cache_read")),
            "context_tokens": _context(entry),
        }
        try:
            yield ListedModel(provider=provider, model=model, at=at, **said)
        except ValidationError:
            yield ListedModel(provider=provider, model=model, at=at)


def _context(entry: Mapping[str, Any]) -> int | None:
    """Return how many tokens a model reads, said beside its name or, by llama.cpp, in its `meta`."""
    meta = entry.get("meta")
    said = [*map(entry.get, _CONTEXT), meta.get("n_ctx") if isinstance(meta, dict) else None]
    return next((n for n in said if type(n) is int and n > 0), None)


def _price(told: object) -> Decimal | None:
    """Return USD a million tokens for what is told in USD a token."""
    if not isinstance(told, str | int | Decimal) or isinstance(told, bool):
        return None
    try:
        price = Decimal(told) * _MILLION
    except (InvalidOperation, ValueError, ArithmeticError):
        return None
    return price.normalize() if price.is_finite() and price >= 0 else None
