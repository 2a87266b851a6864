"""Which steps a preset has, and what each step must wait for. Everything else runs in parallel.

Depth is the longest chain: quick 1, standard 6, deep 6 plus one for each further round of either debate.
"""

from collections.abc import Mapping
from functools import cache

from core.domain.stage import Preset, Stage, Step

Graph = Mapping[Step, tuple[Step, ...]]

ANALYSTS = (Stage.MARKET, Stage.NEWS, Stage.FUNDAMENTALS, Stage.SENTIMENT)
DEBATERS = (Stage.BULL, Stage.BEAR)
RISK_VOICES = (Stage.RISK_AGGRESSIVE, Stage.RISK_NEUTRAL, Stage.RISK_CONSERVATIVE)


@cache
def steps(preset: Preset, debate_rounds: int = 2) -> Graph:
    """Return each step of `preset` with the steps it waits for, in reading order.

    `debate_rounds` counts only for `deep`: every round after the first answers the round before it.
    """
    decision = Step(Stage.DECISION)
    if preset is Preset.QUICK:
        return {decision: ()}
    rounds = debate_rounds if preset is Preset.DEEP else 1
    analysts = tuple(Step(stage) for stage in ANALYSTS)
    research, trader = Step(Stage.RESEARCH), Step(Stage.TRADER)
    graph: dict[Step, tuple[Step, ...]] = dict.fromkeys(analysts, ())
    last = _debate(graph, DEBATERS, analysts, rounds)
    graph[research] = last
    graph[trader] = (research,)
    graph[decision] = _debate(graph, RISK_VOICES, (trader,), rounds)
    return graph


def _debate(
    graph: dict[Step, tuple[Step, ...]], voices: tuple[Stage, ...], after: tuple[Step, ...], rounds: int
) -> tuple[Step, ...]:
    """Add `rounds` of a debate that starts when `after` is done; return the last round's steps."""
    for number in range(1, rounds + 1):
        current = tuple(Step(voice, number) for voice in voices)
        graph.update(dict.fromkeys(current, after))
        after = current
    return after


def depth(graph: Graph) -> int:
    """Return the number of steps in the longest chain."""
    longest: dict[Step, int] = {}
    for step, needs in graph.items():
        longest[step] = 1 + max((longest[need] for need in needs), default=0)
    return max(longest.values())
