"""What a check for look-ahead has found."""

from pydantic import AwareDatetime

from core.domain.values import Frozen


class LookaheadTrial(Frozen):
    """One change of the future: of whose, how, how many of its answers, and what of the present it changed.

    `differs` names the first thing that is not the same, None where every byte is.
    """

    vendor: str
    what: str
    how: str
    items: int
    differs: str | None = None


class LookaheadReport(Frozen):
    """What the prompts of a ticker at a moment depend on: `prompts` of them, `size` bytes together."""

    ticker: str
    as_of: AwareDatetime
    source: str
    evidence_sha256: str
    prompts: int
    size: int
    trials: tuple[LookaheadTrial, ...]

    @property
    def untried(self) -> tuple[str, ...]:
        """The vendors of whose future nothing was changed: they were not asked, or had none."""
        tried = {trial.vendor for trial in self.trials if trial.items}
        return tuple(dict.fromkeys(one.vendor for one in self.trials if one.vendor not in tried))

    @property
    def clean(self) -> bool:
        """Whether no change of the future changed a byte, and there was a future to change."""
        return all(trial.differs is None for trial in self.trials) and any(
            trial.items for trial in self.trials
        )
