"""The whole ModelChat that docs/evidence.md shows: a scripted member on the pack of the same page.

python -m tests.gallery.evidence_pack      # writes both anew
"""

import json
import re
from decimal import Decimal

from core.clock import ManualClock
from core.config.settings import Trading
from core.domain.books import Portfolio
from core.domain.evidence import Evidence
from core.domain.run import Briefing
from core.domain.stage import ModelChat, Preset, StageRecord
from core.domain.usage import ServedBy, Spend
from core.llm.port import Answer, Ask
from core.llm.prices import prompt_tokens, text_tokens
from core.llm.scripted import ScriptedModel
from core.pipeline.author import View
from core.pipeline.facts import Facts
from core.pipeline.llm_author import LlmAuthor
from core.pipeline.member_run import MemberRun, reading_order
from core.pipeline.presets import steps
from core.pipeline.prompting import role, system_prompt
from tests.gallery.said_on_ibm import SAID
from tests.vendors_scene import NOW

MEMBER = "claude"
RUN = "example1"
CASH = Decimal(10_000)
_FENCE = re.compile(
    r"\[\[(?P<name>[\w ]+) (?P<key>[0-9a-f]{12})\]\]\n.*?\n\[\[/(?P=name) (?P=key)\]\]", re.DOTALL
)
_SECTION = re.compile(r"^(indicators$|last \d+ of|[a-z]+(?: [a-z]+)*: (?:no |\d+ ))", re.MULTILINE)


def script(ask: Ask) -> Answer:
    """Answer as the stage that the prompt ends with; its tokens are counted as for any other model."""
    stage = next(one for one in SAID if ask.messages[-1].content.endswith(role(one)))
    text = json.dumps(SAID[stage])
    spend = Spend(prompt_tokens=prompt_tokens(ask), completion_tokens=text_tokens(text), calls=1)
    return Answer(text=text, served_by=ServedBy(provider="scripted", model=MEMBER), spend=spend, latency_ms=0)


async def model_chat(evidence: Evidence) -> ModelChat:
    """Let the scripted member go through a standard run on a pack, with cash and no shares."""
    kept: list[StageRecord] = []

    async def keep(record: StageRecord) -> None:
        kept.append(record)

    briefing = Briefing(portfolio=Portfolio(member=MEMBER, cash_usd=CASH), equity_usd=CASH)
    run = MemberRun(
        RUN,
        MEMBER,
        LlmAuthor(ScriptedModel(script), max_output_tokens=2_000, family=None),
        View(evidence=evidence, facts=Facts(evidence), briefing=briefing, terms=Trading()),
        steps(Preset.STANDARD),
        clock=ManualClock(NOW),
        stage_timeout_s=20,
        keep=keep,
        tell=lambda step, record: None,
    )
    result = await run.result(60)
    return ModelChat(
        run_id=RUN,
        ticker=evidence.ticker,
        as_of=evidence.as_of,
        member=MEMBER,
        stages=tuple(sorted(kept, key=reading_order)),
        result=result,
    )


def chat_text(chat: ModelChat, evidence: Evidence) -> str:
    """The ModelChat as text: each stage with what is new in its prompt, and the decision's prompt whole."""
    system = system_prompt(evidence)
    told = ["system, the same in every stage", system]
    for place, stage in enumerate(chat.stages, 1):
        user = stage.prompt.removeprefix(f"{system}\n\n")
        whole = place == len(chat.stages)
        told += [
            f"===== stage {place} of {len(chat.stages)}: {stage.stage} =====",
            f"----- asked{', whole' if whole else ''} -----",
            user if whole else _FENCE.sub(_briefly, user),
            f"----- answered, {stage.spend.prompt_tokens} tokens read, "
            f"{stage.spend.completion_tokens} written -----",
            stage.output,
            "\n".join([*(f"- {point}" for point in stage.key_points), f"sentiment: {stage.sentiment}"]),
        ]
    return "\n\n".join(told)


def _briefly(found: re.Match[str]) -> str:
    """Return a fence whose content is named and not shown once more; the member's books are shown."""
    name, key = found["name"], found["key"]
    if name == "briefing":
        return found[0]
    if name == "evidence":
        parts = [one.strip().rstrip(":").split(":")[0] for one in _SECTION.findall(found[0])]
        inside = ", ".join(["quote", *("bars" if one.startswith("last") else one for one in parts)])
        return f"[[evidence {key}]]\n(as in the pack above: {inside})\n[[/evidence {key}]]"
    return f"[[{name} {key}]]\n(as answered above)\n[[/{name} {key}]]"
