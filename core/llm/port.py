"""The one question that Conclave asks of any model."""

import json
from functools import cached_property
from typing import Any, Literal, Protocol

from pydantic import BaseModel, Field

from core.domain.calls import Call
from core.domain.usage import ServedBy, Spend
from core.domain.values import Frozen


class Message(Frozen):
    """One turn of the conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class AnswerSchema(Frozen):
    """The JSON schema that an answer must follow; computed once per answer type."""

    name: str
    json_schema: dict[str, Any]

    @cached_property
    def text(self) -> str:
        """The schema as compact JSON, for prompts that must state it."""
        return json.dumps(self.json_schema, ensure_ascii=False, separators=(",", ":"))


class Ask(Frozen):
    """A prompt. `scopes` name the budgets that it counts against, such as `run:4f7k2m9q`.

    `stage` is that of the pipeline for which it is asked, or "". `answer_type` is what the answer will be
    read as, where it will be. `begun` is the call as whose record it will be booked, once money is reserved
    for it; who asks leaves it out.
    """

    messages: tuple[Message, ...]
    answer: AnswerSchema | None = None
    answer_type: type[BaseModel] | None = Field(default=None, exclude=True, repr=False)
    max_output_tokens: int
    scopes: tuple[str, ...] = ()
    stage: str = ""
    begun: Call | None = None


class Answer(Frozen):
    """What came back: text as the model wrote it, who wrote it, what it used, and how long it took.

    One `from_cache` was written for the same question before, and used nothing now.
    """

    text: str
    served_by: ServedBy
    spend: Spend
    latency_ms: int
    from_cache: bool = False


class LanguageModel(Protocol):
    """A model, or a wrapper that adds one concern to a model and is itself one.

    `ask` returns a complete, non-empty answer or raises a `core.domain.errors.ModelFailure` whose
    `spent` holds what was used all the same. It never blocks the event loop, and it may be cancelled at
    any moment. It does not validate the answer against the schema: `core.llm.structured` does.
    """

    async def ask(self, ask: Ask) -> Answer:
        """Ask once and return the answer."""
        ...
