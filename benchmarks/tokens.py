"""Prompt tokens of a standard run over a whole pack, beside a peer's with the same sections.

One member and five, standard preset (12 calls a member); the pack has 20 items of news with summaries, 6
filings, 20 posts and 15 readings of the economy. Every answer is 1,200 signs long, which later stages read.
Counted is all that is sent: the system's text, the prompt and the schema of the answer, by the rule of
`core.domain.tokens`, which counts such prompts some 8 % too high. The references are a peer's prompt tokens
a member: 33,000 without tools, when it has no news, filings or posts to read, and 78,000 with them.

    python -m benchmarks.tokens
"""

import argparse
from dataclasses import replace
from datetime import UTC, datetime

from core.domain.stage import Preset, StageRecord
from core.domain.tokens import tokens
from core.domain.usage import Spend
from core.llm.answer_schema import answer_schema
from core.pipeline.answers import ANSWER_OF
from core.pipeline.member_run import reading_order
from core.pipeline.presets import steps
from core.pipeline.prompting import system_prompt, user_prompt
from tests import full_pack, packs

REFERENCES = {"a peer with tools": 78_000, "a peer without tools": 33_000}
GOAL = 0.70
ANSWER = ("The price of 199.80 stands 4.2 % above its SMA 50 of 191.75 and RSI is 61.4. " * 20)[:1200]
NOON = datetime(2025, 10, 29, 12, tzinfo=UTC)


def prompt_tokens() -> tuple[int, int]:
    """Prompt tokens of all calls of one member, and those of them in the prefix that all calls share."""
    view = packs.view(full_pack.evidence())
    system = system_prompt(view.evidence)
    shared = tokens(system) + tokens(view.facts.text.partition("\n\nnews:")[0])
    total = 0
    done: list[StageRecord] = []
    for step in steps(Preset.STANDARD):
        schema = answer_schema(ANSWER_OF[step.stage])
        sent = user_prompt(step, replace(view, done=tuple(sorted(done, key=reading_order))))
        total += tokens(system) + tokens(sent) + tokens(schema.text)
        done.append(
            StageRecord(
                run_id="benchmark",
                member="claude",
                stage=step.stage,
                round=step.round,
                prompt="",
                output=ANSWER,
                answer={},
                spend=Spend(),
                latency_ms=0,
                started_at=NOON,
                completed_at=NOON,
            )
        )
    return total, shared * len(done)


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    member, shared = prompt_tokens()
    print(f"{'members':>8} {'tokens':>9} {'beside':>22} {'reference':>10} {'ratio':>6} {'goal':>5}")
    for name, reference in REFERENCES.items():
        goal = GOAL if "with tools" in name else None
        for count in (1, 5):
            print(
                f"{count:>8} {member * count:>9,} {name:>22} {reference * count:>10,} "
                f"{member / reference:>6.2f} {goal or '-':>5}"
            )
    print(f"of a member's tokens {shared:,} stand in the prefix that all its calls share")
    if member / REFERENCES["a peer with tools"] > GOAL:
        raise SystemExit("more than the goal")


if __name__ == "__main__":
    main()
