"""One call to one model of an OpenAI-compatible endpoint, through the SDK."""

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from core.clock import Clock
from core.domain.errors import ModelFailure, ModelServerFailed, ModelTimeout
from core.domain.usage import ServedBy, Spend
from core.llm.completion import parse_json, read_completion
from core.llm.dialect import Dialect, Dialects
from core.llm.port import Answer, Ask
from core.llm.prices import Prices
from core.llm.redact import plain_words
from core.llm.refusals import code_of, complaint_of, failure_of_status, message_of, retry_after

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

_MAY_BE_DIALECT = {400, 404, 415, 422}


class _Rejected(NamedTuple):
    failure: ModelFailure
    complaint: str


class EndpointModel:
    """A model behind an endpoint; `client` holds the address and the key and must not retry by itself.

    Each request has `timeout_s` seconds. `dialects` is shared by all that ask the same endpoint.
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
        dialects: Dialects | None = None,
    ) -> None:
        self._client = client
        self._provider = provider_name
        self._model_id = model_id
        self._key_name = key_name
        self._timeout_s = timeout_s
        self._temperature = temperature
        self._prices = prices
        self._clock = clock
        self._dialects = dialects or Dialects()
        self._who = f"{provider_name}:{model_id}"

    async def ask(self, ask: Ask) -> Answer:
        """Ask once; a request whose form is refused is sent again at once in the next weaker form.

        Each form gives something up, so there are at most five requests.

        Raises:
            ModelFailure: the type says how to react; no text of it holds the key.
        """
        started = self._clock.monotonic()
        body, refused = await self._accepted(ask)
        done = read_completion(
            parse_json(body), ask, self._prices, who=self._who, secret=self._client.api_key
        )
        return Answer(
            text=done.text,
            served_by=ServedBy(
                provider=self._provider, model=done.model or self._model_id, key=self._key_name
            ),
            spend=done.spend + Spend(calls=refused) if refused else done.spend,
            latency_ms=round((self._clock.monotonic() - started) * 1000),
        )

    async def _accepted(self, ask: Ask) -> tuple[bytes, int]:
        """Return the body of the request that was not refused, and how many were."""
        first = dialect = self._dialects.of(self._provider, self._model_id)
        sent = 0
        while True:
            outcome = await self._send(ask, dialect)
            sent += 1
            if not isinstance(outcome, _Rejected):
                if dialect != first:
                    self._dialects.learn(self._provider, self._model_id, dialect)
                return outcome, sent - 1
            other = dialect.after(outcome.complaint, with_answer=ask.answer is not None)
            if other is None:
                outcome.failure.spent = Spend(calls=sent)
                raise outcome.failure
            dialect = other

    async def _send(self, ask: Ask, dialect: Dialect) -> bytes | _Rejected:
        # The SDK's exceptions hold the request with its key, so none of them may become the cause of ours.
        from openai import APIConnectionError, APIStatusError

        failure: ModelFailure
        try:
            async with asyncio.timeout(self._timeout_s):
                response = await self._client.chat.completions.with_raw_response.create(
                    **dialect.request(ask, self._model_id, self._temperature)
                )
                body: bytes = response.content
                return body
        except APIStatusError as error:
            return self._rejected(error)
        except TimeoutError:
            failure = self._late()
        except APIConnectionError as error:
            failure = self._unreached(error)
        except Exception as error:  # noqa: BLE001 - the SDK lets its HTTP library's own errors through
            failure = ModelServerFailed(f"{self._who} could not be asked ({type(error).__name__})")
        failure.spent = Spend(calls=1)
        raise failure

    def _late(self) -> ModelFailure:
        return ModelTimeout(f"{self._who} did not answer within {self._timeout_s:g} s")

    def _unreached(self, error: Exception) -> ModelFailure:
        """Tell a timeout from a broken connection: the SDK calls both a timeout."""
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
            if isinstance(cause, TimeoutError):
                return self._late()
        said = plain_words(str(cause), self._client.api_key) or type(cause).__name__
        return ModelServerFailed(f"{self._who} could not be reached: {said}")

    def _rejected(self, error: "APIStatusError") -> _Rejected:
        status, body, secret = error.status_code, error.body, self._client.api_key
        said = plain_words(message_of(body) or str(body or ""), secret) or "no reason given"
        failure = failure_of_status(
            status,
            f"{self._who} refused the request ({status}): {said}",
            retry_after_s=retry_after(error.response.headers, self._clock.now()),
            code=code_of(body),
        )
        return _Rejected(failure, complaint_of(body) if status in _MAY_BE_DIALECT else "")
