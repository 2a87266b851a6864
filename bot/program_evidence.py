"""What the commands about evidence do, once the command line is read."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bot.present.origins import origins
from core.app.app import App
from core.domain.evidence import Evidence
from core.domain.lookahead import LookaheadProof, LookaheadReport, LookaheadTrial

if TYPE_CHECKING:
    from bot.program import Output


async def show(app: App, output: "Output", ticker: str, as_of: datetime | None) -> None:
    """Print a pack as members read it, its hash, and what came from where."""
    evidence = await app.evidence(ticker, as_of)
    text = app.as_read(evidence)
    if output.as_json:
        output.document(evidence_document(evidence, text))
        return
    lines = [
        text,
        "",
        f"SHA-256: {evidence.sha256}",
        *(f"{one.kind}: {one.items} from {one.vendor}" for one in origins(evidence)),
        *_absence_lines(evidence),
    ]
    output.out.print("\n".join(lines), markup=False, soft_wrap=True)


def _absence_lines(evidence: Evidence) -> Iterator[str]:
    given = {(one.kind, one.vendor) for one in origins(evidence)}
    for one in evidence.absences:
        how_much = "not all" if (one.kind.value, one.vendor) in given else "nothing"
        yield f"{one.kind.value}: {how_much} from {one.vendor}, {one.reason}"


def evidence_document(evidence: Evidence, text: str) -> dict[str, object]:
    """Return a pack, as it is and as members read it."""
    return {
        "ticker": evidence.ticker,
        "as_of": evidence.as_of.isoformat(),
        "evidence_sha256": evidence.sha256,
        "text": text,
        "origins": [one._asdict() for one in origins(evidence)],
        "absences": [one.model_dump(mode="json") for one in evidence.absences],
        "evidence": evidence.model_dump(mode="json"),
    }


async def look_ahead(app: App, output: "Output", ticker: str, as_of: datetime) -> bool:
    """Print what the check for look-ahead has found; False where something of the future came through."""
    report = await app.look_ahead(ticker, as_of)
    if output.as_json:
        output.document(report.model_dump(mode="json") | {"clean": report.clean})
        return report.clean
    lines = [
        f"{report.ticker} as of {report.as_of.isoformat()}: {report.prompts} prompts, "
        f"{report.size:,} bytes, from {report.source}.",
        *(_trial_line(trial) for trial in report.trials),
        "",
        "Each vendor alone, as if no other were configured:",
        *(_proof_line(proof) for proof in report.alone),
        "",
        _conclusion(report),
    ]
    output.out.print("\n".join(lines), markup=False, soft_wrap=True)
    return report.clean


def _trial_line(trial: LookaheadTrial) -> str:
    counted = "1 answer" if trial.items == 1 else f"{trial.items} answers"
    return f"- {trial.vendor} ({trial.what}): {counted} of the future {trial.how}, {_found([trial])}"


def _proof_line(proof: LookaheadProof) -> str:
    if proof.unproved is not None:
        return f"- {proof.vendor} ({proof.what}): unproved, {proof.unproved}"
    counted = " and ".join(f"{trial.items} {trial.how}" for trial in proof.trials)
    return f"- {proof.vendor} ({proof.what}): answers of the future, {counted}; {_found(proof.trials)}"


def _found(trials: Sequence[LookaheadTrial]) -> str:
    changed = next((trial.differs for trial in trials if trial.differs), None)
    return f"CHANGES {changed}" if changed else "not a byte changes"


def _conclusion(report: LookaheadReport) -> str:
    if report.clean:
        proved = "No prompt knows anything of the time after that moment."
        if not report.unproved:
            return proved
        names = ", ".join(f"{proof.vendor} ({proof.what})" for proof in report.unproved)
        return f"{proved} Unproved: {names}."
    trials = [*report.trials, *(trial for proof in report.alone for trial in proof.trials)]
    if all(trial.differs is None for trial in trials):
        return "Nothing was proved: no vendor said anything of the time after that moment."
    return "Something of the future reaches a prompt. Please report this with the lines above."
