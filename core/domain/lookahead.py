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


class LookaheadProof(Frozen):
    """What was proved of one vendor alone, as if no other had what `what` names: `prices`, or a kind.

    Behind another vendor of its chain it may not even be asked. `unproved` says in a few words why there is
    no proof: it could not be had, or said nothing. Then there are no trials.
    """

    vendor: str
    what: str
    trials: tuple[LookaheadTrial, ...] = ()
    unproved: str | None = None


class LookaheadReport(Frozen):
    """What the prompts of a ticker at a moment depend on: `prompts` of them, `size` bytes together.

    `trials` are of the vendors together, as they are configured; `alone` is of each by itself.
    """

    ticker: str
    as_of: AwareDatetime
    source: str
    evidence_sha256: str
    prompts: int
    size: int
    trials: tuple[LookaheadTrial, ...]
    alone: tuple[LookaheadProof, ...] = ()

    @property
    def unproved(self) -> tuple[LookaheadProof, ...]:
        """The vendors, each with what it is there for, of which nothing could be proved."""
        return tuple(proof for proof in self.alone if proof.unproved is not None)

    @property
    def clean(self) -> bool:
        """Whether no change of the future changed a byte, and there was a future to change."""
        trials = [*self.trials, *(trial for proof in self.alone for trial in proof.trials)]
        return all(trial.differs is None for trial in trials) and any(trial.items for trial in trials)
