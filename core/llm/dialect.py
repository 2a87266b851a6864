"""How an endpoint wants to be asked: endpoints called OpenAI-compatible differ in what they refuse.

Each dialect is found by a refusal (a 400 that names the field). It is noted for all processes on one
database, for the address at which it was learned and for a week: a server may have learned something since.
"""

import logging
from datetime import timedelta
from enum import StrEnum
from typing import Any, Literal

from pydantic import ValidationError

from core.clock import Clock
from core.domain.provider_health import DialectState
from core.domain.values import Frozen
from core.llm.notes import Notes
from core.llm.port import Ask

KNOWN_FOR = timedelta(days=7)

_log = logging.getLogger(__name__)

_FORMAT_WORDS = (
    "response_format",
    "response format",
    "json_schema",
    "json_object",
    "json mode",
    "structured output",
    "schema",
    "grammar",
    "samplers",  # llama.cpp, whose grammar of a schema does not begin as the chat template does
    "requested parameters",
)
_REFUSAL_WORDS = ("unsupported", "not support", "n't support", "deprecated", "only the default")
_STATE_SCHEMA = "Answer with one JSON object and nothing else. It must follow this JSON schema:"


class Form(StrEnum):
    """How an answer's shape is asked for, from the most to the least binding."""

    SCHEMA = "json_schema"
    OBJECT = "json_object"
    TEXT = "text"

    @property
    def weaker(self) -> "Form | None":
        """The next form to try when this one is refused."""
        return {Form.SCHEMA: Form.OBJECT, Form.OBJECT: Form.TEXT}.get(self)


class Dialect(Frozen):
    """What one model of one provider accepts."""

    form: Form = Form.SCHEMA
    limit_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    temperature: bool = True

    def body(self, ask: Ask, model_id: str, temperature: float | None) -> dict[str, Any]:
        """Return the body of the request; in the weaker forms its prompt states the schema."""
        messages = [{"role": turn.role, "content": turn.content} for turn in ask.messages]
        body: dict[str, Any] = {
            "model": model_id,
            "messages": messages,
            self.limit_field: ask.max_output_tokens,
        }
        if temperature is not None and self.temperature:
            body["temperature"] = temperature
        if ask.answer is None:
            return body
        if self.form is Form.SCHEMA:
            schema = {"name": ask.answer.name, "schema": ask.answer.json_schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
            return body
        if self.form is Form.OBJECT:
            body["response_format"] = {"type": "json_object"}
        _say_last(messages, f"{_STATE_SCHEMA}\n{ask.answer.text}")
        return body

    def after(self, complaint: str, *, with_answer: bool) -> "Dialect | None":
        """Return the dialect that avoids what `complaint` refuses, or None when it names nothing of ours."""
        complaint = complaint.lower()
        if self.limit_field == "max_tokens" and "max_completion_tokens" in complaint:
            return self.model_copy(update={"limit_field": "max_completion_tokens"})
        refuses = any(word in complaint for word in _REFUSAL_WORDS)
        if self.temperature and refuses and "temperature" in complaint:
            return self.model_copy(update={"temperature": False})
        if with_answer and self.form.weaker and any(word in complaint for word in _FORMAT_WORDS):
            return self.model_copy(update={"form": self.form.weaker})
        return None


class Dialects:
    """What was learned of each model at each address; on `notes`, for whoever reads them."""

    def __init__(self, notes: Notes, clock: Clock) -> None:
        self._notes = notes
        self._clock = clock

    def of(self, provider: str, base_url: str, model_id: str) -> Dialect:
        """Return the dialect that was learned within the last week, or the first one to try."""
        known = self._notes.dialects.get((provider, base_url, model_id))
        if known is None or known.at <= self._clock.now() - KNOWN_FOR:
            return _FIRST
        try:
            return Dialect.model_validate({name: getattr(known, name) for name in _FIELDS})
        except ValidationError:  # a newer version knows more of them
            return _FIRST

    def learn(self, provider: str, base_url: str, model_id: str, dialect: Dialect) -> None:
        """Remember `dialect` for the next calls."""
        place = {"provider": provider, "base_url": base_url, "model": model_id, "at": self._clock.now()}
        self._notes.put_dialect(DialectState(**place, **dialect.model_dump()))
        _log.info(
            "%s:%s is asked with %s and %s from now on", provider, model_id, dialect.form, dialect.limit_field
        )


_FIRST = Dialect()
_FIELDS = frozenset(Dialect.model_fields)


def _say_last(messages: list[dict[str, str]], sentence: str) -> None:
    """Add `sentence` to the last turn of the user: some templates refuse two user turns in a row."""
    if messages and messages[-1]["role"] == "user":
        messages[-1]["content"] += "\n\n" + sentence
    else:
        messages.append({"role": "user", "content": sentence})
