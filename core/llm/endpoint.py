"""One call to one model of an OpenAI-compatible endpoint, through the SDK."""

import asyncio
from typing import TYPE_CHECKING

from core.clock import Clock
from core.domain.errors import ModelFailure, ModelTimeout
from core.domain.usage import ServedBy, Spend
from core.llm.completion import parse_json, read_completion
from core.llm.dialect import Dialect, Dialects
from core.llm.port import Answer, Ask
from core.llm.prices import Prices, unheard_spend
from core.llm.sdk_errors import Rejected, foreign, late, rejected, unreached

if TYPE_CHECKING:
    from openai import AsyncOpenAI


class EndpointModel:
    """A model behind an endpoint; `client` holds the address and the key and must not retry by itself.

    Each request has `timeout_s` seconds. `dialects` is shared by all that ask the same endpoint, and
    `base_url` is the address under which it remembers what this one refuses.
    """

    def __init__(
        self,
        client: "AsyncOpenAI",
        *,
        provider_name: str,
        model_id: str,
        key_name: str,
        timeout_s: float,
        temperature: float | None,
        prices: Prices,
        clock: Clock,
        dialects: Dialects,
        base_url: str,
    ) -> None:
        self._client = client
        self._provider = provider_name
        self._model_id = model_id
        self._key_name = key_name
        self._timeout_s = timeout_s
        self._temperature = temperature
        self._prices = prices
        self._clock = clock
        self._dialects = dialects
        self._place = (provider_name, base_url, model_id)
        self._who = f"{provider_name}:{model_id}"

    async def ask(self, ask: Ask) -> Answer:
        """Ask once; a request whose form is refused is sent again at once in the next weaker form.

        Each form gives something up, so there are at most five requests.

        Raises:
            ModelFailure: the type says how to react; no text of it holds the key.
        """
        started = self._clock.monotonic()
        first = dialect = self._dialects.of(*self._place)
        refused = 0
        try:
            while isinstance(outcome := await self._send(ask, dialect), Rejected):
                other = dialect.after(outcome.complaint, with_answer=ask.answer is not None)
                if other is None:
                    raise outcome.failure
                dialect = other
                refused += 1
            if dialect != first:
                self._dialects.learn(*self._place, dialect)
            done = read_completion(
                parse_json(outcome), ask, self._prices, who=self._who, secret=self._client.api_key
            )
        except ModelFailure as failure:
            failure.spent += Spend(calls=refused)
            raise
        return Answer(
            text=done.text,
            served_by=ServedBy(
                provider=self._provider, model=done.model or self._model_id, key=self._key_name
            ),
            spend=done.spend + Spend(calls=refused) if refused else done.spend,
            latency_ms=round((self._clock.monotonic() - started) * 1000),
        )

    async def _send(self, ask: Ask, dialect: Dialect) -> bytes | Rejected:
        from openai import APIConnectionError, APIStatusError

        secret = self._client.api_key
        # Sent and received as they are: given to `create`, the messages would be walked against the types of
        # all that a message could be, and the answer made into objects, at a quarter of the whole call.
        body = dialect.body(ask, self._model_id, self._temperature)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._client.post(
                    "/chat/completions", cast_to=bytes, body=body, options={"security": {"bearer_auth": True}}
                )
        except APIStatusError as error:
            return rejected(error, self._who, secret, self._clock.now())
        except TimeoutError:
            failure = late(self._who, self._timeout_s)
        except APIConnectionError as error:
            failure = unreached(error, self._who, self._timeout_s, secret)
        except Exception as error:  # noqa: BLE001 - the SDK lets errors of the libraries below it through
            failure = foreign(error, self._who)
        if isinstance(failure, ModelTimeout):
            # The provider may answer into the void, and bill it.
            failure.spent = unheard_spend(ask, self._prices, self._timeout_s)
        raise failure
