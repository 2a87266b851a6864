"""An author that asks the same question once: a replay that is made again gives the same ballots for free."""

import hashlib
import json

from core.clock import Clock
from core.config.members import MemberSettings
from core.domain.stage import Step
from core.domain.usage import NOTHING_SPENT
from core.pipeline.author import Draft, View
from core.pipeline.llm_author import LlmAuthor
from core.store.store import Store


class KeepingAuthor:
    """Asks `author` only what this member was not asked before, with everything that shapes its answer equal.

    An answer that was kept costs nothing, and says as before which model gave it.
    """

    def __init__(self, author: LlmAuthor, member: MemberSettings, store: Store, clock: Clock) -> None:
        self._author = author
        self._member = member
        self._store = store
        self._clock = clock

    async def write(self, step: Step, view: View) -> Draft:
        """Write one stage; see `core.pipeline.author.Author`."""
        key = self._key(step, view)
        if kept := await self._store.answers.find(key):
            return Draft.model_validate(kept).model_copy(update={"spend": NOTHING_SPENT})
        draft = await self._author.write(step, view)
        await self._store.answers.keep(
            key, self._member.name, draft.model_dump(mode="json"), self._clock.now()
        )
        return draft

    def _key(self, step: Step, view: View) -> str:
        member = self._member
        asked = {
            # Twins with the same route are asked the same, and may answer differently.
            "member": member.name,
            "family": self._author.family,
            "route": member.route_of(step.stage),
            "temperature": member.temperature,
            "max_output_tokens": member.max_output_tokens,
            "stage": step.stage,
            "messages": [message.content for message in self._author.messages(step, view)],
        }
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
