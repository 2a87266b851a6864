"""The evidence of a run, page by page. Whoever may read a verdict may read what it was made from."""

from bot.buttons import OpenVerdict
from bot.buttons import encode as encode_verdict
from bot.cards import Button
from bot.evidence_buttons import TurnEvidence, decode
from bot.facts import zone_of
from bot.handlers.call import PressCall
from bot.present.evidence import evidence_card
from bot.window_cards import EvidenceWindow
from core.app.app import App
from core.domain.run import RunRecord


async def evidence_of(
    app: App, record: RunRecord, page_size: int, wish: TurnEvidence | None = None
) -> EvidenceWindow:
    """Return a page of the evidence of a run, by default its overview.

    Raises:
        EvidenceAltered: what is stored is not what the run had.
        NotFound: it is not stored (any more).
    """
    pack = await app.evidence_of(record)
    card = evidence_card(pack, record, wish or TurnEvidence(record.run_id), page_size, zone_of(app))
    back = Button(label="Verdict", data=encode_verdict(OpenVerdict(record.run_id)))
    return EvidenceWindow(**dict(card), verdict=back)


async def evidence_pressed(call: PressCall) -> EvidenceWindow:
    """Show the page that a button asks for.

    Raises:
        Refused: the button is not of this version's making.
        NotFound: the run or its evidence is not there (any more).
        EvidenceAltered: as in `evidence_of`.
    """
    wish = decode(call.press.data)
    record = await call.app.run_record(wish.run_id)
    return await evidence_of(call.app, record, call.door.page_size, wish)
