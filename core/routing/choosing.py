"""The choice itself, from what is known: whom to ask, who stands by, who confirms, and why, in one sentence.

In this order: what must stay here leaves only local routes; a stated preference wins; then a router of the
operator's own; then the rules. Where the rule that fits is not about privacy, the network or money, a test
may take its choice over, and where it asks for the task alone, so may what has done well before.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from core.config.routing import Routing, RoutingRule
from core.domain.asking import AskRequest, Routed
from core.domain.errors import Refused
from core.domain.routing import ArmFigures, Situation
from core.routing.ab import arm_of, unit_of
from core.routing.bandit import draw
from core.routing.lineup import Candidate, Lineup
from core.routing.rules import because, first_fit

PREFERENCE, ADAPTIVE, TEST, ROUTER = "model_preference", "adaptive", "test", "router"
SPECIALISTS = ("financial", "quantitative")
"""What nothing but a name can tell of a model; all else is told by its tier, price and place."""


@dataclass(frozen=True)
class Choice:
    """Whom to ask. `standby` is asked where `candidate` gives no ballot, None where there is nobody else.

    `variant` is the prompt or preset that a test has assigned. `figures` are those that were weighed up.
    """

    candidate: Candidate
    rule: str
    reason: str
    standby: Candidate | None = None
    test: str | None = None
    arm: Literal["a", "b"] | None = None
    kind: str | None = None
    variant: str | None = None
    figures: tuple[ArmFigures, ...] = ()

    @property
    def routed(self) -> Routed:
        """The choice as the answer states it."""
        hops = (*self.candidate.route, *(self.standby.route if self.standby else ()))
        return Routed(
            rule=self.rule,
            reason=self.reason,
            member=self.candidate.member,
            route=tuple(dict.fromkeys(hops)),
        )


def usable(lineup: Lineup, situation: Situation, down: Collection[str] = ()) -> Lineup:
    """Return who may be asked in this situation; for a private question, or offline, local routes alone.

    Raises:
        Refused: nobody may.
    """
    only_local = situation.private or situation.offline
    left = lineup.within(only_local=only_local, down=down)
    if not left.candidates and lineup.candidates and only_local:
        why = "The question is private" if situation.private else "No remote model can be reached"
        raise Refused(
            f"{why}, and no local model takes part. Set up a provider with local = true, such as Ollama, "
            "and a member or a name in [[routing.models]] whose route begins there."
        )
    left.best("balanced")  # refuses where nobody is there at all
    return left


def choose(
    request: AskRequest,
    situation: Situation,
    lineup: Lineup,
    routing: Routing,
    *,
    question: str,
    down: Collection[str] = (),
    said: str | None = None,
    figures: Mapping[str, ArmFigures] | None = None,
) -> Choice:
    """Return whom the question with this id goes to; equal arguments give the same choice.

    `said` is what a custom router has named, and must be a name that `by_name` knows. `figures` are those
    of the task, by candidate.

    Raises:
        Refused: nobody may be asked, or the model that was asked for is not known or not local.
    """
    left = usable(lineup, situation, down)
    standby = left.best("balanced")
    if request.model_preference:
        choice = _preferred(request.model_preference, situation, lineup, left, down)
    elif said is not None and (named := by_name(said, left)):
        choice = Choice(named, ROUTER, f"The router of this arena has chosen {named.name}.")
    else:
        choice = _by_rule(request, situation, left, routing, question, figures or {})
    return replace(choice, standby=None if standby.name == choice.candidate.name else standby)


def by_name(name: str, left: Lineup) -> Candidate | None:
    """Return whom a name means that rules could use, or None."""
    known = left.named(name)
    if known is None and name in {"financial", "quantitative", "fast", "balanced", "premium", "cheapest"}:
        return left.best(name)
    return known


def confirmer(left: Lineup, answered: Candidate) -> Candidate | None:
    """Return who confirms an order of a high value that `answered` has decided; itself is enough if premium.

    Another one of the tier premium is preferred to its own word. None means that there is nobody.
    """
    others = [one for one in left.candidates if one.name != answered.name]
    premium = [one for one in others if one.tier == "premium"]
    if not premium and answered.tier == "premium":
        return answered
    named = left.best("premium")
    if named.name != answered.name and (named in premium or not premium):
        return named
    if not others:
        return None
    return Lineup(premium or others, {}, ()).best("premium")


def _preferred(
    text: str, situation: Situation, lineup: Lineup, left: Lineup, down: Collection[str]
) -> Choice:
    wanted = lineup.preferred(text)
    cut = left.named(wanted.name)  # without what may not be used now; None for a route that was asked for
    if cut is None and (situation.private or situation.offline) and not wanted.local:
        why = "the question is private" if situation.private else "no remote model can be reached"
        raise Refused(f"{wanted.name} is not local, and {why}. Leave the model out, or name a local one.")
    if cut is None and all(hop in down for hop in wanted.route):
        default = left.best("balanced")
        if default.name != wanted.name:
            reason = (
                f"{wanted.name} was asked for and is down, so {default.name} answers as the balanced default."
            )
            return Choice(default, PREFERENCE, reason)
    return Choice(cut or wanted, PREFERENCE, f"{wanted.name} was asked for.")


def _by_rule(
    request: AskRequest,
    situation: Situation,
    left: Lineup,
    routing: Routing,
    question: str,
    figures: Mapping[str, ArmFigures],
) -> Choice:
    rule = first_fit(situation, routing)
    chosen = left.best(rule.use)
    choice = Choice(chosen, rule.name, _reason(rule, situation, left, chosen))
    if rule.when.guards:
        return choice
    tested = _tested(choice, request, left, routing, question)
    if tested.rule == TEST or not routing.adaptive or not _asks_for_the_task_alone(rule):
        return tested
    arms = tuple(figures.get(one.name) or ArmFigures(name=one.name) for one in left.candidates)
    drawn = draw(arms, question)
    best = left.named(drawn.name) or chosen
    record = "it was not tried yet" if drawn.reward is None else f"its record is {drawn.reward:.2f} of 1"
    task = f"questions of the task {situation.task}" if situation.task else "questions"
    reason = (
        f"Among {len(arms)} models for {task}, {best.name} was drawn by what they have achieved; {record}."
    )
    return replace(tested, candidate=best, rule=ADAPTIVE, reason=reason, figures=arms)


def _tested(choice: Choice, request: AskRequest, left: Lineup, routing: Routing, question: str) -> Choice:
    """Return the choice as the first test has it that it belongs to."""
    for test in routing.tests:
        if not test.enabled:
            continue
        arm = arm_of(test, unit_of(test, request, question))
        value = test.b if arm == "b" else test.a
        if test.kind != "model":
            return replace(choice, test=test.name, arm=arm, kind=test.kind, variant=value)
        pair = {left.best(name).name for name in (test.a, test.b)}
        if len(pair) > 1 and choice.candidate.name in pair:
            chosen = left.best(value)
            reason = f"The test {test.name} of {test.a} against {test.b} gave this question to {chosen.name}."
            return Choice(chosen, TEST, reason, test=test.name, arm=arm, kind=test.kind)
    return choice


def _reason(rule: RoutingRule, situation: Situation, left: Lineup, chosen: Candidate) -> str:
    cause = because(rule, situation)
    same = rule.use == chosen.name
    answers = f"{chosen.name} answers" if same else f"{chosen.name} answers as the {rule.use} model"
    missing = rule.use in SPECIALISTS and left.named(rule.use) is None
    own = f", since no model is named {rule.use}" if missing else ""
    return f"{cause[:1].upper()}{cause[1:]}, so {answers}{own}."


def _asks_for_the_task_alone(rule: RoutingRule) -> bool:
    given = {name for name, value in rule.when if value is not None}
    return given <= {"task"}
