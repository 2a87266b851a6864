"""What the commands about evidence do, once the command line is read."""

from datetime import datetime
from typing import TYPE_CHECKING

from bot.present.origins import origins
from core.app.app import App
from core.domain.evidence import Evidence
from core.domain.lookahead import LookaheadReport, LookaheadTrial

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
        *(f"{one.kind.value}: nothing from {one.vendor}, {one.reason}" for one in evidence.absences),
    ]
    output.out.print("\n".join(lines), markup=False, soft_wrap=True)


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
        _conclusion(report),
    ]
    output.out.print("\n".join(lines), markup=False, soft_wrap=True)
    return report.clean


def _trial_line(trial: LookaheadTrial) -> str:
    found = f"CHANGES {trial.differs}" if trial.differs else "not a byte changes"
    counted = "1 answer" if trial.items == 1 else f"{trial.items} answers"
    return f"- {trial.vendor} ({trial.what}): {counted} of the future {trial.how}, {found}"


def _conclusion(report: LookaheadReport) -> str:
    if report.clean:
        proved = "No prompt knows anything of the time after that moment."
        if not report.untried:
            return proved
        names = ", ".join(report.untried)
        return f"{proved} Of {names} nothing was proved: others answered first, or there was nothing later."
    if all(trial.differs is None for trial in report.trials):
        return "Nothing was proved: no vendor said anything of the time after that moment."
    return "Something of the future reaches a prompt. Please report this with the lines above."
