"""What providers list of their models, and how the store keeps it."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.listed import ListedModel
from core.llm.model_list import MOST_MODELS, read_list
from core.store.store import Store

pytest_plugins = ("tests.storage",)

NOON = datetime(2026, 11, 24, 17, tzinfo=UTC)

# As llama-server sent it: Ollama's list and OpenAI's in one.
LLAMA_CPP_LIST = (
    b'{"models":[{"name":"Qwen/Qwen2.5-Coder-7B-Instruct","model":"Qwen/Qwen2.5-Coder-7B-Instruct","modified_at":"",'
    b'"size":"","digest":"","type":"model","description":"","tags":[""],"capabilities":["completion"],"parameters":"",'
    b'"details":{"parent_model":"","format":"gguf","family":"","families":[""],"parameter_size":"",'
    b'"quantization_level":""}}],"object":"list","data":[{"id":"Qwen/Qwen2.5-Coder-7B-Instruct",'
    b'"aliases":["Qwen/Qwen2.5-Coder-7B-Instruct"],"tags":[],"object":"model","created":1795682978,'
    b'"owned_by":"llamacpp","meta":{"vocab_type":2,"n_vocab":151936,"n_ctx":32768,"n_ctx_train":32768,"n_embd":64,'
    b'"n_params":19530432,"size":39226112,"ftype":"(guessed) all F32"}}]}'
)


def read(*entries: Any) -> tuple[ListedModel, ...]:
    return read_list("openrouter", json.dumps({"data": entries}).encode(), NOON)


def test_prices_of_a_token_become_prices_of_a_million() -> None:
    (model,) = read(
        {
            "id": "anthropic/claude-sonnet-4.5",
            "context_length": 1_000_000,
            "pricing": {"prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.0000003"},
        }
    )
    assert (model.price_in_usd_per_mtok, model.price_out_usd_per_mtok) == (Decimal(3), Decimal(15))
    assert (model.price_cached_usd_per_mtok, model.context_tokens) == (Decimal("0.3"), 1_000_000)


@pytest.mark.parametrize(
    "price", ["-1", -1, None, True, "NaN", "Infinity", "free", "", {}, "1e999999999", 1e300]
)
def test_a_price_that_makes_no_sense_is_not_said(price: object) -> None:
    (model,) = read({"id": "a", "pricing": {"prompt": price, "completion": "0.00001"}})
    assert model.price_in_usd_per_mtok is None


def test_a_free_model_costs_nothing_and_that_is_said() -> None:
    (model,) = read({"id": "a", "pricing": {"prompt": "0", "completion": "0"}})
    assert (model.price_in_usd_per_mtok, model.price_out_usd_per_mtok) == (Decimal(0), Decimal(0))


@pytest.mark.parametrize("field", ["context_length", "context_window", "max_model_len"])
def test_every_word_for_the_context_is_understood(field: str) -> None:
    assert read({"id": "a", field: 4096})[0].context_tokens == 4096


def test_llama_cpps_own_list_tells_how_much_one_request_may_hold() -> None:
    (model,) = read_list("llamacpp", LLAMA_CPP_LIST, NOON)
    assert (model.model, model.context_tokens) == ("Qwen/Qwen2.5-Coder-7B-Instruct", 32768)


@pytest.mark.parametrize("meta", [None, [], {"n_ctx": "32768"}, {"n_ctx": 0}, {"n_ctx": True}])
def test_a_meta_that_makes_no_sense_says_no_context(meta: object) -> None:
    assert read({"id": "a", "meta": meta})[0].context_tokens is None


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"data": {}}', b'{"data": [1, null, {"id": 4}]}', b"{" * 99]
)
def test_what_is_no_list_has_no_models(body: bytes) -> None:
    assert read_list("x", body, NOON) == ()


def test_a_list_without_end_is_cut_and_each_model_is_there_once() -> None:
    assert len(read(*({"id": f"m{number}"} for number in range(MOST_MODELS + 10)))) == MOST_MODELS
    assert [one.context_tokens for one in read({"id": "a"}, {"id": "a", "context_length": 7})] == [7]


KEYS = st.sampled_from(["data", "id", "pricing", "prompt", "context_length"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "id", "pricing", "prompt", "context_length"]), inner, max_size=4
        )
    ),
)


@given(JSON)
def test_whatever_is_sent_is_read_or_left_out(told: Any) -> None:
    for body in (told, {"data": [told]}, {"data": [{"id": "a", "pricing": told, "context_length": told}]}):
        for model in read_list("x", json.dumps(body).encode(), NOON):
            assert model.model.isprintable()


async def test_a_new_list_takes_the_place_of_the_old_one(store: Store) -> None:
    old, new = read({"id": "a"}, {"id": "b", "pricing": {"prompt": "0.000001"}}), read({"id": "b"})
    await store.listed.replace("openrouter", old)
    await store.listed.replace("ollama", [ListedModel(provider="ollama", model="llama", at=NOON)])
    await store.listed.replace("openrouter", new)
    assert await store.listed.all() == {
        ("openrouter", "b"): new[0],
        ("ollama", "llama"): ListedModel(provider="ollama", model="llama", at=NOON),
    }
    assert await store.listed.read_at() == {"openrouter": NOON, "ollama": NOON}
