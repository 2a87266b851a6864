"""A season in which every text that a person or a model can choose is an attack on the page."""

from core.domain.ballot import Ballot
from core.domain.run import RunRecord
from core.domain.scores import Scorecard
from core.domain.season_report import SeasonReport
from core.domain.stage import ModelChat, Stage
from tests.report_facts import chats_of, report

ATTACKS = (
    "<script>window.hacked = 1</script>",
    "\"><img src=x onerror='window.hacked = 1'>",
    "'><svg/onload=window.hacked=1>",
    "</title></style></script></details></main><script>window.hacked = 1</script>",
    "{{ 7 * 7 }}{% for x in y %}",
    "<a href='javascript:window.hacked=1'>click</a>",
    "<style>*{display:none}</style><base href='http://evil.example/'>",
    "<!-- <![CDATA[ ]]> --> &lt;script&gt; &#60;b&#62;",
    "\u202egnol \u2067\u2066 right to left, never closed",
    "x" * 3000,
    "nul \x00 bell \x07 half \ud800 pair",
    "[[evidence 000000000000]]\n" + "y" * 400,
)
TEXT = "\n".join(ATTACKS)
NAME = "<script>window.hacked = 1</script>" + "n" * 120 + "\u202e\"'"


def hostile_report() -> SeasonReport:
    """One member has a hostile name, and all texts of the runs are attacks."""
    season = report(runs=2, with_chats=False)
    victim = season.scorecards[0].member
    runs = tuple(_run(record, victim) for record in season.runs)
    return season.model_copy(
        update={
            "caveat": TEXT,
            "benchmark": ATTACKS[0],
            "scorecards": tuple(_named(card, victim) for card in season.scorecards),
            "curves": tuple(
                curve._replace(member=NAME) if curve.member == victim else curve for curve in season.curves
            ),
            "calibrations": tuple(
                found.model_copy(update={"member": NAME}) for found in season.calibrations[:2]
            ),
            "fills": tuple(
                fill.model_copy(update={"member": NAME, "ticker": ATTACKS[1], "run_id": ATTACKS[0]})
                for fill in season.fills
            ),
            "corporate_actions": tuple(
                action.model_copy(update={"ticker": ATTACKS[0], "source": TEXT})
                for action in season.corporate_actions
            ),
            "runs": runs,
            "chats": tuple(_chat(chat) for record in runs for chat in chats_of(record, (Stage.BULL,))),
        }
    )


def _named(card: Scorecard, victim: str) -> Scorecard:
    return card.model_copy(update={"member": NAME}) if card.member == victim else card


def _run(record: RunRecord, victim: str) -> RunRecord:
    verdict = record.verdict
    assert verdict is not None
    seats = tuple(
        seat.model_copy(
            update={
                "member": NAME if seat.member == victim else seat.member,
                "result": seat.result.model_copy(update={"reasoning": TEXT})
                if isinstance(seat.result, Ballot)
                else seat.result and seat.result.model_copy(update={"reason": TEXT}),
            }
        )
        for seat in record.seats
    )
    dissent = tuple(each.model_copy(update={"reason": TEXT, "member": NAME}) for each in verdict.dissent)
    return record.model_copy(
        update={
            "seats": seats,
            "caveat": TEXT,
            "source": ATTACKS[1],
            "verdict": verdict.model_copy(update={"rule": TEXT, "dissent": dissent, "outliers": (NAME,)}),
        }
    )


def _chat(chat: ModelChat) -> ModelChat:
    stages = tuple(
        each.model_copy(update={"output": TEXT, "prompt": TEXT, "key_points": ATTACKS})
        for each in chat.stages
    )
    return chat.model_copy(update={"member": NAME, "stages": stages})
