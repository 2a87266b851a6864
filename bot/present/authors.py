"""Which model wrote what, where a member is made up of several, and what came from the cache."""

from collections.abc import Sequence

from bot.present import numbers
from core.domain.ballot import Authorship, Ballot
from core.domain.stage import GROUPS, Stage

FROM_CACHE = "from cache"
_NAMES = {Stage.RESEARCH.value: "judge"}


def wrote(written_by: Sequence[Authorship]) -> str | None:
    """Say it in one line: `analysts: gemini-2.5-flash; judge, decision: claude-sonnet-4.5`; None for one."""
    if not written_by:
        return None
    models = [one.model for one in written_by]
    return "; ".join(f"{_named(one.stages)}: {_short(one.model, models)}" for one in written_by)


def note(ballot: Ballot, other: str | None) -> str | None:
    """Return what stands below a ballot: another model than was asked for, who wrote what, what was free."""
    cached = ""
    if ballot.from_cache:
        cached = f"{numbers.counted(ballot.from_cache, 'stage')} {FROM_CACHE}"
    return " · ".join(filter(None, (other, wrote(ballot.written_by), cached))) or None


def _named(stages: Sequence[str]) -> str:
    """Return the names of stages, in reading order; a group of which all are there has one name."""
    whole = {group: [one.value for one in members] for group, members in GROUPS.items()}
    names: dict[str, None] = {}
    for stage in stages:
        group = next((name for name, members in whole.items() if stage in members), "")
        if group and set(whole[group]) <= set(stages):
            stage = group  # noqa: PLW2901 - from here on it goes by the group's name
        names[_NAMES.get(stage, stage.replace("_", " "))] = None
    return ", ".join(names)


def _short(model: str, models: Sequence[str]) -> str:
    """Return a model's own name, without its provider and maker, unless two have the same."""
    own = _own_name(model)
    return own if [_own_name(one) for one in models].count(own) == 1 else model


def _own_name(model: str) -> str:
    return model.partition(":")[2].rpartition("/")[2] or model
