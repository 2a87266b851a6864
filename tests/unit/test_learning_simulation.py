"""What learning does to judges of known skill, over two years of made-up weeks on five tickers.

The table in docs/weights.md is made here: `python -m tests.unit.test_learning_simulation` writes it anew.
"""

import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from statistics import mean

import pytest

from core.config.settings import Consensus
from core.consensus.calibration import curve
from core.consensus.settled import judged
from core.consensus.tally import tally
from core.consensus.weights import learned, weights_from
from core.domain.ballot import Action
from core.domain.outcomes import Outcome
from core.domain.verdict import WeightUsed
from tests.judges import Judge, ballot_of, weeks

DOCS = Path(__file__).parents[2] / "docs" / "weights.md"
SEEDS = (1, 2, 3, 4)
WEEKS, TICKERS = 100, 5
HALF = Decimal("0.5")
CONFIGURED = dict.fromkeys(("skilled", "coin", "lucky", "broken", "boaster"), HALF)
SHOWN = (0, 2, 10, 20, 30, 50, 60, 80, 99)
NOISE = ("noise1", "noise2", "noise3", "noise4")

JUDGES = (
    Judge("skilled", lambda _: 0.6),
    Judge("coin", lambda _: 0.5),
    Judge("lucky", lambda cast: 1.0 if cast < 10 else 0.5),
    Judge("broken", lambda cast: 0.6 if cast < 250 else 0.4, lambda _: "0.90"),
    Judge("boaster", lambda _: 0.4, lambda dice: dice.choice(("0.80", "0.90", "0.95"))),
)


@cache
def history(seed: int) -> tuple[tuple[Outcome, ...], ...]:
    return tuple(weeks(JUDGES, WEEKS, TICKERS, seed))


@cache
def told(seed: int) -> tuple[dict[str, WeightUsed], ...]:
    """The weights with which each week's ballots would have been counted."""
    found, past = [], list[Outcome]()
    for week in history(seed):
        found.append(learned(past, CONFIGURED, week[0].decided_at))
        past += week
    return tuple(found)


def average(name: str, first: int, end: int) -> float:
    """The mean weight over some weeks of all seeds."""
    return mean(float(week[name].weight) for seed in SEEDS for week in told(seed)[first:end])


def calibrated(seed: int, upto: int, name: str, stated: str) -> Decimal:
    past = [outcome for week in history(seed)[:upto] for outcome in week]
    fit = curve(judged(past, history(seed)[upto - 1][0].settled_at)[name])
    assert fit is not None
    return fit.at(Decimal(stated))


def test_everybody_begins_with_the_configured_weight() -> None:
    assert {used.weight for used in told(1)[0].values()} == {HALF}


def test_a_skilled_member_gains_weight_against_a_coin() -> None:
    assert average("skilled", 60, 100) > 0.75
    assert average("coin", 60, 100) < 0.35


@pytest.mark.parametrize("seed", SEEDS)
def test_a_skilled_member_ends_above_all_others_whatever_the_dice_say(seed: int) -> None:
    late = {name: mean(float(week[name].weight) for week in told(seed)[60:]) for name in CONFIGURED}
    assert max(late, key=lambda name: late[name]) == "skilled"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_lucky_member_gains_weight_and_does_not_keep_it(seed: int) -> None:
    assert told(seed)[3]["lucky"].weight > Decimal("0.8")
    assert mean(float(week["lucky"].weight) for week in told(seed)[60:]) < 0.45
    assert average("lucky", 60, 100) < 0.25


@pytest.mark.parametrize("seed", SEEDS)
def test_a_member_that_breaks_fades_to_the_floor(seed: int) -> None:
    before, after = told(seed)[50]["broken"].weight, told(seed)[99]["broken"].weight
    assert before > HALF
    assert after < Decimal("0.05")


def test_a_member_that_is_wrong_more_often_than_a_coin_has_no_say() -> None:
    assert average("boaster", 40, 100) < 0.05


@pytest.mark.parametrize("seed", SEEDS)
def test_a_confidence_of_ninety_percent_falls_to_what_it_was_worth(seed: int) -> None:
    rights = [each.right for week in history(seed)[:50] for each in week if each.member == "broken"]
    assert calibrated(seed, 50, "broken", "0.90") == pytest.approx(
        Decimal(sum(map(bool, rights))) / len(rights), abs=Decimal("0.1")
    )
    assert calibrated(seed, 100, "broken", "0.90") < Decimal("0.56")


def verdicts(seed: int, rules: Consensus) -> float:
    """The share of right verdicts of one skilled member among four coins, after the first 20 weeks."""
    judges = (Judge("skilled", lambda _: 0.6), *(Judge(name, lambda _: 0.5) for name in NOISE))
    configured = {judge.name: Decimal(1) for judge in judges}
    past: list[Outcome] = []
    rights = []
    for number, week in enumerate(weeks(judges, WEEKS, TICKERS, seed)):
        found = judged(past, week[0].decided_at) if rules.weights == "learned" else {}
        by_ticker = [week[at : at + len(judges)] for at in range(0, len(week), len(judges))]
        for outcomes in by_ticker if number >= 20 else ():
            ballots = [ballot_of(each) for each in outcomes]
            used = weights_from(ballots, found, configured, rules)
            verdict = tally(ballots, [], {each.member: each for each in used}, rules)
            up = (outcomes[0].action is Action.BUY) == outcomes[0].right
            rights.append(verdict.decision is (Action.BUY if up else Action.SELL))
        past += week
    return mean(rights)


def test_with_learned_weights_one_skilled_member_among_four_coins_is_heard() -> None:
    equal = mean(verdicts(seed, Consensus(weights="configured")) for seed in SEEDS)
    weighed = mean(verdicts(seed, Consensus(weights="learned")) for seed in SEEDS)
    # The best that anyone can do here is to follow the skilled one, who is right in 60 cases of 100.
    assert weighed > equal + 0.03
    # These are the figures in docs/weights.md.
    assert (f"{equal:.0%}", f"{weighed:.0%}") == ("53%", "58%")


def table() -> str:
    """The mean weights of all seeds as a table in Markdown."""
    lines = [
        "| after ballots | " + " | ".join(CONFIGURED) + " |",
        "|---:|" + "---:|" * len(CONFIGURED),
    ]
    for week in SHOWN:
        cells = " | ".join(f"{average(name, week, week + 1):.2f}" for name in CONFIGURED)
        lines.append(f"| {week * TICKERS} | {cells} |")
    return "\n".join(lines)


def test_the_table_in_the_documents_is_this_simulation() -> None:
    assert table() in DOCS.read_text(encoding="utf-8")


def test_the_dice_of_the_simulation_are_fair() -> None:
    cast = [each for seed in SEEDS for week in history(seed) for each in week if each.member == "coin"]
    assert mean(bool(each.right) for each in cast) == pytest.approx(0.5, abs=0.03)
    assert mean(each.action is Action.BUY for each in cast) == pytest.approx(0.5, abs=0.03)


if __name__ == "__main__":
    text = DOCS.read_text(encoding="utf-8")
    DOCS.write_text(
        re.sub(r"\| after ballots \|.*?\n(?!\|)", table() + "\n", text, flags=re.DOTALL), encoding="utf-8"
    )
