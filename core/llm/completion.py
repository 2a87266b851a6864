"""Read the body of a chat completion, as an endpoint wrote it, without trusting any of it."""

import json
from decimal import Decimal
from typing import Any, NamedTuple

from core.domain.errors import BadAnswer, JunkAnswer, ModelFailure
from core.domain.usage import Spend
from core.llm.port import Ask
from core.llm.prices import Prices, prompt_tokens, text_tokens, within_reserved
from core.llm.redact import plain_words
from core.llm.refusals import code_of, failure_of_status, message_of

_LONGEST_MODEL_NAME = 120
_DEAREST_CALL_USD = 10_000
_HTTP_ERRORS = range(400, 600)
_UNTOLD = Spend(calls=1)
"""Of a priced call whose usage is missing, or there and empty."""


class Completion(NamedTuple):
    """A complete answer: its text, the model that the endpoint names ("" for none), and what it used."""

    text: str
    model: str
    spend: Spend


def parse_json(body: bytes) -> Any:
    """Return the body's JSON with exact decimals, or None when it is none."""
    try:
        return json.loads(body, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
        return None


def read_completion(data: Any, ask: Ask, prices: Prices, *, who: str, secret: str) -> Completion:
    """Return the complete, non-empty answer in `data`.

    An endpoint that reports no usage is billed by estimate where prices are configured, so that a
    budget is not blind to it, also where the answer is of no use, and never by more than was reserved;
    without prices its tokens count as zero.

    Raises:
        ModelFailure: an error inside the body whose code is an HTTP status, as that status.
        JunkAnswer: something that no model has written.
        BadAnswer: anything else that is no complete answer; `spent` is what was used all the same.
    """
    if not isinstance(data, dict):
        raise JunkAnswer(f"{who} answered with something that is no chat completion", spent=Spend(calls=1))
    spent = _spend(data.get("usage"), prices)
    choices = data.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    error = data.get("error") or choice.get("error")
    if error:
        raise _inner_failure(error, who, secret, spent)
    message = choice.get("message")
    if not isinstance(message, dict):
        raise JunkAnswer(f"{who} answered without a message", spent=spent)
    text = _text(message.get("content"))
    if spent == _UNTOLD and prices.known:
        used, made = prompt_tokens(ask), text_tokens(text)
        spent = within_reserved(
            ask,
            Spend(
                prompt_tokens=used,
                completion_tokens=made,
                cost_usd=prices.cost(used, made),
                calls=1,
                estimated_calls=1,
            ),
        )
    _check_complete(choice, message, text, ask, who=who, secret=secret, spent=spent)
    model = data.get("model")
    named = plain_words(model, secret, longest=_LONGEST_MODEL_NAME) if isinstance(model, str) else ""
    return Completion(text, named, spent)


def _check_complete(
    choice: dict[str, Any],
    message: dict[str, Any],
    text: str,
    ask: Ask,
    *,
    who: str,
    secret: str,
    spent: Spend,
) -> None:
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal.strip():
        raise BadAnswer(f"{who} refused to answer: {plain_words(refusal, secret)}", spent=spent)
    reason = choice.get("finish_reason")
    if reason == "content_filter":
        raise BadAnswer(f"{who} withheld its answer (content filter)", spent=spent)
    if reason == "length":
        raise BadAnswer(f"{who} was cut off after {ask.max_output_tokens} tokens", spent=spent)
    if reason == "error":
        raise BadAnswer(f"{who} broke off with an error", spent=spent)
    if not text.strip():
        raise BadAnswer(f"{who} gave an empty answer", spent=spent)


def _text(content: object) -> str:
    """Return the text of a message's content, which may come as one string or as a list of parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = (part.get("text") if isinstance(part, dict) else part for part in content)
    return "".join(part for part in parts if isinstance(part, str))


def _spend(usage: object, prices: Prices) -> Spend:
    fields: dict[str, Any] = usage if isinstance(usage, dict) else {}
    used, made = _count(fields.get("prompt_tokens")), _count(fields.get("completion_tokens"))
    cached = min(_cached(fields), used)
    cost = fields.get("cost")
    if isinstance(cost, int | Decimal) and not isinstance(cost, bool) and 0 <= cost <= _DEAREST_CALL_USD:
        exact = Decimal(cost)
        unpriced = 0
    else:
        exact, unpriced = prices.cost(used, made, cached), 0 if prices.known or prices.free else 1
    return Spend(
        prompt_tokens=used,
        completion_tokens=made,
        cost_usd=exact,
        calls=1,
        unpriced_calls=unpriced,
        cached_tokens=cached,
        reasoning_tokens=min(_count(_details(fields, "completion").get("reasoning_tokens")), made),
    )


def _cached(fields: dict[str, Any]) -> int:
    """Return how much of the prompt the provider says that it had read before, in whichever words.

    OpenAI and many others say it in the details, DeepSeek and those in Anthropic's manner beside them.
    """
    said = (
        _details(fields, "prompt").get("cached_tokens"),
        fields.get("prompt_cache_hit_tokens"),
        fields.get("cache_read_input_tokens"),
    )
    return max(map(_count, said))


def _details(fields: dict[str, Any], kind: str) -> dict[str, Any]:
    details = fields.get(f"{kind}_tokens_details")
    return details if isinstance(details, dict) else {}


def _count(value: object) -> int:
    return value if type(value) is int and value >= 0 else 0


def _inner_failure(error: object, who: str, secret: str, spent: Spend) -> ModelFailure:
    said = plain_words(message_of(error), secret) or "no reason given"
    code = code_of(error)
    if code.isascii() and code.isdigit() and len(code) == 3 and int(code) in _HTTP_ERRORS:  # noqa: PLR2004 - digits of a status
        return failure_of_status(int(code), f"{who} failed inside (code {code}): {said}", spent=spent)
    return JunkAnswer(f"{who} answered with an error: {said}", spent=spent)
