"""Ask for an answer of a type: validate it, have it mended once, or fail with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from core.domain.errors import BadAnswer, ModelFailure
from core.domain.usage import NOTHING_SPENT, ServedBy, Spend
from core.llm.extract import NoSingleObject, json_object, without_thoughts
from core.llm.port import Answer, AnswerSchema, Ask, LanguageModel, Message
from core.llm.redact import plain_words

T = TypeVar("T", bound=BaseModel)

_MOST_FIELDS_NAMED = 6


@dataclass(frozen=True, slots=True)
class Structured(Generic[T]):
    """A validated answer, the text that it was read from, and what all requests for it used.

    `from_cache` says that none had to be sent.
    """

    value: T
    text: str
    served_by: ServedBy
    spend: Spend
    latency_ms: int
    from_cache: bool = False


async def ask_structured(
    model: LanguageModel,
    ask_messages: Sequence[Message],
    answer_type: type[T],
    *,
    schema: AnswerSchema,
    max_output_tokens: int,
    scopes: tuple[str, ...] = (),
    stage: str = "",
) -> Structured[T]:
    """Ask `model` for an `answer_type`; one that cannot be used is asked for again once, with the reason.

    Raises:
        BadAnswer: the second answer cannot be used either; the reason says why.
        ModelFailure: the model gave none. `spent` counts both requests.
    """
    ask = Ask(
        messages=tuple(ask_messages),
        answer=schema,
        answer_type=answer_type,
        max_output_tokens=max_output_tokens,
        scopes=scopes,
        stage=stage,
    )
    spent, latency_ms, kept = NOTHING_SPENT, 0, False
    try:
        answer = await model.ask(ask)
    except BadAnswer as failure:
        spent, repair = failure.spent, _ask_again(ask, failure.reason)
    else:
        read = _read(answer, answer_type)
        if not isinstance(read, str):
            return _structured(read, answer)
        spent, latency_ms, kept = answer.spend, answer.latency_ms, answer.from_cache
        repair = _ask_to_mend(ask, answer, read)
    try:
        answer = await model.ask(repair)
    except ModelFailure as failure:
        failure.spent += spent
        raise
    spent += answer.spend
    read = _read(answer, answer_type)
    if isinstance(read, str):
        raise BadAnswer(f"{answer.served_by} gave no usable answer, asked twice: {read}", spent=spent)
    took, kept = latency_ms + answer.latency_ms, kept and answer.from_cache
    return _structured(
        read, answer.model_copy(update={"spend": spent, "latency_ms": took, "from_cache": kept})
    )


def is_usable(answer: Answer, answer_type: type[BaseModel]) -> bool:
    """Say whether `ask_structured` can read an answer as this type."""
    return not isinstance(_read(answer, answer_type), str)


def _structured(value: T, answer: Answer) -> Structured[T]:
    return Structured(
        value, answer.text, answer.served_by, answer.spend, answer.latency_ms, answer.from_cache
    )


def _read(answer: Answer, answer_type: type[T]) -> T | str:
    """Return the value, or what is wrong with the text."""
    try:
        return answer_type.model_validate_json(json_object(answer.text))
    except NoSingleObject as error:
        return str(error)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        said = [f"{'.'.join(map(str, fault['loc'])) or 'the object'}: {fault['msg']}" for fault in faults]
        more = [f"and {len(said) - _MOST_FIELDS_NAMED} more"] if len(said) > _MOST_FIELDS_NAMED else []
        return plain_words("; ".join(said[:_MOST_FIELDS_NAMED] + more), longest=600)


def _ask_to_mend(ask: Ask, answer: Answer, fault: str) -> Ask:
    """The same conversation, the model's answer, and one sentence on what was wrong.

    The schema is stated in words as well: an endpoint that ignored it once may do so again.
    """
    turns = (
        Message(role="assistant", content=without_thoughts(answer.text) or "{}"),
        Message(role="user", content=_sentence(ask, fault)),
    )
    return ask.model_copy(update={"messages": (*ask.messages, *turns)})


def _ask_again(ask: Ask, fault: str) -> Ask:
    """The same conversation with the sentence added to its last turn: there is no answer to show."""
    *before, last = ask.messages
    told = last.model_copy(update={"content": f"{last.content}\n\n{_sentence(ask, fault)}"})
    return ask.model_copy(update={"messages": (*before, told)})


def _sentence(ask: Ask, fault: str) -> str:
    schema = f" It must follow this JSON schema: {ask.answer.text}" if ask.answer else ""
    wanted = "Answer again with one JSON object and nothing else."
    return f"Your answer could not be used: {fault}. {wanted}{schema}"
