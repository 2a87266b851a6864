"""The side of LiteLLM's Router for `benchmarks.gateway`; runs in an environment that has `litellm` and
nothing of ours.

    python _gateway_litellm.py

Two keys of one model, retries and cool-downs on, as ours has them; no budget, no cache and no record, so it
has less to do. It reads its own table of prices, without the network.
"""

import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

from _gateway_drive import Json, Side, drive, turns
from litellm import Router


def router_of(base_url: str, model: str, keys: list[str]) -> Router:
    """Return a router of one model with these keys."""
    return Router(
        model_list=[
            {
                "model_name": "member",
                "litellm_params": {"model": f"openai/{model}", "api_base": base_url, "api_key": key},
            }
            for key in keys
        ],
        num_retries=3,
        allowed_fails=3,
        cooldown_time=60,
        timeout=60,
    )


async def nothing() -> None:
    """Have nothing left to do."""


async def open_side(request: Json) -> Side:
    router = router_of(request["base_url"], request["model"], request["keys"])

    async def call(number: int, place: int) -> object:
        answer = await router.acompletion(
            model="member",
            messages=turns(request, number),
            max_tokens=request["max_tokens"],
            response_format=request["response_format"],
        )
        text = answer.choices[0].message.content
        if not text:
            raise SystemExit("LiteLLM gave an empty answer")
        return text

    return Side(call, nothing, nothing)


if __name__ == "__main__":
    drive(open_side)
