"""Prompt tokens of a standard run beside a peer's, once with everything to read and once with prices alone.

One member and five, standard preset (12 calls a member). The whole pack has 20 items of news with summaries,
6 filings, 20 posts and 15 readings of the economy, as a peer asks for with its tools; the other one has
prices and indicators alone, where a peer without tools asks for nothing. Every answer is 1,200 signs long,
which later stages read; of an analyst that is given nothing it is the one sentence that it is asked for.
Counted is all that is sent: the system's text, the prompt and the schema of the answer, by the rule of
`core.domain.tokens`, which counts such prompts some 8 % too high. The references are a peer's prompt tokens
a member: 78,000 with tools and 33,000 without.

"Read before" are those of the tokens that stand in the longest beginning which a prompt shares with one of an
earlier step: a provider's cache can serve them, if they are 1,024 at least, as most providers want.

    python -m benchmarks.tokens
"""

import argparse
from dataclasses import replace
from datetime import UTC, datetime
from itertools import takewhile
from typing import NamedTuple

from core.domain.evidence import Evidence
from core.domain.evidence_items import NOTHING_GATHERED
from core.domain.stage import Preset, Stage, StageRecord, Step
from core.domain.tokens import tokens
from core.domain.usage import Spend
from core.llm.answer_schema import answer_schema
from core.pipeline.answers import ANSWER_OF
from core.pipeline.member_run import reading_order
from core.pipeline.presets import steps
from core.pipeline.prompting import system_prompt, user_prompt
from tests import full_pack, packs

REFERENCES = {"with tools": 78_000, "without tools": 33_000}
GOAL = 0.70
LEAST_CACHED = 1_024
ANSWER = ("The price of 199.80 stands 4.2 % above its SMA 50 of 191.75 and RSI is 61.4. " * 20)[:1200]
NOTHING = "No {stage} was given, so nothing follows from it."
NOON = datetime(2025, 10, 29, 12, tzinfo=UTC)


class Counted(NamedTuple):
    """Prompt tokens of all calls of one member, and those of them that its provider has read before."""

    total: int
    read_before: int


def packs_by_reference() -> dict[str, Evidence]:
    """Return for each reference the pack that is read beside it."""
    whole, prices = full_pack.evidence(), full_pack.evidence(NOTHING_GATHERED)
    return dict(zip(REFERENCES, (whole, prices), strict=True))


def prompt_tokens(pack: Evidence) -> Counted:
    """Count what one member is sent in a standard run over this pack."""
    view = packs.view(pack)
    system = system_prompt(pack)
    total = read_before = 0
    done: list[StageRecord] = []
    sent: dict[Step, str] = {}
    earlier: dict[Step, set[Step]] = {}
    for step, needs in steps(Preset.STANDARD).items():
        schema = answer_schema(ANSWER_OF[step.stage])
        asked = user_prompt(step, replace(view, done=tuple(sorted(done, key=reading_order))))
        sent[step] = f"{system}\n{asked}"
        earlier[step] = set(needs).union(*(earlier[one] for one in needs))
        total += tokens(system) + tokens(asked) + tokens(schema.text)
        same = max((tokens(_beginning(sent[one], sent[step])) for one in earlier[step]), default=0)
        read_before += same if same >= LEAST_CACHED else 0
        done.append(
            StageRecord(
                run_id="benchmark",
                member="claude",
                stage=step.stage,
                round=step.round,
                prompt="",
                output=_answer(step.stage, pack),
                answer={},
                spend=Spend(),
                latency_ms=0,
                started_at=NOON,
                completed_at=NOON,
            )
        )
    return Counted(total, read_before)


def _beginning(one: str, other: str) -> str:
    return "".join(
        sign for sign, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    )


def _answer(stage: Stage, pack: Evidence) -> str:
    given: dict[Stage, tuple[object, ...]] = {
        Stage.NEWS: pack.news,
        Stage.FUNDAMENTALS: pack.fundamentals,
        Stage.SENTIMENT: pack.sentiment,
    }
    return ANSWER if given.get(stage, ANSWER) else NOTHING.format(stage=stage)


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    over = False
    print(
        f"{'read':>12} {'members':>8} {'tokens':>9} {'read before':>12} {'a peer':>14} {'tokens':>9} "
        f"{'ratio':>6} {'goal':>5}"
    )
    for (name, pack), read in zip(packs_by_reference().items(), ("everything", "prices"), strict=True):
        counted, reference = prompt_tokens(pack), REFERENCES[name]
        ratio = counted.total / reference
        over |= ratio > GOAL
        for count in (1, 5):
            print(
                f"{read:>12} {count:>8} {counted.total * count:>9,} {counted.read_before * count:>12,} "
                f"{name:>14} {reference * count:>9,} {ratio:>6.2f} {GOAL:>5.2f}"
            )
    if over:
        raise SystemExit("more than the goal")


if __name__ == "__main__":
    main()
