"""A language model as the author of stages."""

from core.domain.errors import AnotherModelAnswered
from core.domain.stage import Stage, Step
from core.llm.answer_schema import answer_schema
from core.llm.families import family_of
from core.llm.port import LanguageModel, Message
from core.llm.structured import ask_structured
from core.pipeline.answers import ANSWER_OF
from core.pipeline.author import Draft, View
from core.pipeline.canary import canary_of, marks_of, speaks
from core.pipeline.prompting import system_prompt, user_prompt


class LlmAuthor:
    """Asks `model` for every stage.

    With `family` given, a decision that another family of models wrote raises AnotherModelAnswered.
    """

    def __init__(self, model: LanguageModel, *, max_output_tokens: int, family: str | None) -> None:
        self._model = model
        self._max_output_tokens = max_output_tokens
        self.family = family

    def messages(self, step: Step, view: View) -> tuple[Message, ...]:
        """Return what is asked for one stage."""
        return (
            Message(role="system", content=system_prompt(view.evidence)),
            Message(role="user", content=user_prompt(step, view)),
        )

    async def write(self, step: Step, view: View) -> Draft:
        """Ask for one stage; see `core.pipeline.author.Author`."""
        answer_type = ANSWER_OF[step.stage]
        schema = answer_schema(answer_type)
        messages = self.messages(step, view)
        got = await ask_structured(
            self._model,
            messages,
            answer_type,
            schema=schema,
            max_output_tokens=self._max_output_tokens,
            stage=step.stage,
        )
        if step.stage is Stage.DECISION and self.family and family_of(got.served_by.model) != self.family:
            raise AnotherModelAnswered(f"{got.served_by} answered instead of {self.family}", spent=got.spend)
        answer = got.value.model_dump(mode="json")
        spoken = speaks(canary_of(view.evidence.sha256), got.text, answer)
        return Draft(
            prompt="\n\n".join(message.content for message in messages),
            output=got.value.prose(),
            answer=answer,
            key_points=tuple(got.value.key_points),
            sentiment=got.value.sentiment,
            marks=marks_of(spoken, step.stage is Stage.DECISION, view.done),
            served_by=got.served_by,
            from_cache=got.from_cache,
            spend=got.spend,
        )
