"""The bare SDK as a side of `benchmarks.gateway`, over the HTTP backend that we use: `_gateway_bare.py`."""

from _gateway_drive import Json, Side, drive, turns
from openai import AsyncOpenAI, DefaultAioHttpClient


async def nothing() -> None:
    """Have nothing left to do."""


async def bare(request: Json) -> Side:
    """One client, and no retries."""
    client = AsyncOpenAI(
        api_key=request["keys"][0],
        base_url=request["base_url"],
        max_retries=0,
        http_client=DefaultAioHttpClient(),
        timeout=60,
    )

    async def call(number: int, place: int) -> object:
        answer = await client.chat.completions.create(
            model=request["model"],
            messages=turns(request, number),
            max_tokens=request["max_tokens"],
            response_format=request["response_format"],
        )
        text = answer.choices[0].message.content
        if not text:
            raise SystemExit("the SDK gave an empty answer")
        return text

    return Side(call, nothing, client.close)


if __name__ == "__main__":
    drive(bare)
