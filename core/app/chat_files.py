"""A whole run as files: every word of every stage of each member, as Markdown to read and as JSON.

The words of models are data: in Markdown they stand between fences that are longer than any run of backticks
in them, so that nothing in them is read as markup. Who asked for the run or stopped it, and in which chat, is
left out: a file is handed on.
"""

import asyncio
import json
import re
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal

from core.app.inflight import reason_of_stop
from core.domain.ballot import Abstention, Ballot, MemberResult
from core.domain.errors import Refused
from core.domain.memory import Reflection
from core.domain.run import RunRecord, RunState
from core.domain.stage import ModelChat, StageRecord
from core.domain.usage import Spend
from core.domain.values import Frozen

MOST_BYTES = 45 * 1024 * 1024
"""The most that a file may have: Telegram takes 50 MB."""
_PRIVATE = {"requested_by", "requested_in", "once"}
_TICKS = re.compile("`+")
_UNSAFE_IN_NAME = re.compile(r"[^A-Za-z0-9.-]+")
# Joiners hold emoji and some scripts together; all else of their kind could hide or turn what is read.
_KEPT = {"\n", "\t", "\N{ZERO WIDTH JOINER}", "\N{ZERO WIDTH NON-JOINER}"}
_COMMANDING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
ChatOf = Callable[[str], Awaitable[ModelChat]]
"""Reads the record of one member: one at a time, so that no more than one is held."""


class RunFiles(Frozen):
    """A run as two files; `name` is that of both, without an ending, and safe for every system."""

    run_id: str
    ticker: str
    name: str
    markdown: bytes
    json_: bytes

    @property
    def files(self) -> tuple[tuple[str, bytes], ...]:
        """The files with their names."""
        return ((f"{self.name}.md", self.markdown), (f"{self.name}.json", self.json_))


class _Bounded:
    """Bytes that may not become more than a file may have."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.content = bytearray()

    def add(self, text: str) -> None:
        self.content += text.encode("utf-8", "replace")
        if len(self.content) > self._most:
            raise Refused(
                f"This run is larger than the {self._most // (1024 * 1024)} MB that a file may have. "
                "Ask for one model: /export run NVDA claude."
            )


async def files_of(
    record: RunRecord,
    members: Sequence[str],
    chat_of: ChatOf,
    *,
    only: str | None = None,
    most_bytes: int = MOST_BYTES,
) -> RunFiles:
    """Return the files of a run with the records of these members; `only` names the file after one of them.

    Raises:
        Refused: a file would be larger than `most_bytes`.
    """
    if record.state is RunState.CANCELLED:
        # The record names who stopped it, which mostly is who asked for it.
        record = record.model_copy(update={"reason": reason_of_stop(None)})
    markdown, document = _Bounded(most_bytes), _Bounded(most_bytes)
    markdown.add(_head(record))
    document.add('{"run": ' + _json(record.model_dump(mode="json", exclude=_PRIVATE)) + ',\n"members": [')
    for place, name in enumerate(members):
        chat = await chat_of(name)

        def add(chat: ModelChat = chat, between: str = ",\n" if place else "\n") -> None:
            for piece in _chat(chat):
                markdown.add(piece)
            document.add(between + _json(chat.model_dump(mode="json")))

        await asyncio.to_thread(add)
    document.add("\n]}\n")
    parts = ["conclave", record.ticker, record.run_id, *([only] if only else [])]
    return RunFiles(
        run_id=record.run_id,
        ticker=record.ticker,
        name="-".join(_UNSAFE_IN_NAME.sub("_", part) for part in parts),
        markdown=bytes(markdown.content),
        json_=bytes(document.content),
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _head(record: RunRecord) -> str:
    verdict = record.verdict
    decided = verdict.decision if verdict else None
    facts = [
        ("Run", record.run_id),
        ("State", record.state.value + (f", {record.reason}" if record.reason else "")),
        ("As of", record.as_of.isoformat()),
        ("Preset", record.preset.value),
        ("Season", str(record.season)),
        ("Evidence", f"SHA-256 {record.evidence_sha256}, from {record.source}"),
        ("Configuration", record.config_hash),
        ("Started", record.started_at.isoformat()),
        ("Finished", record.finished_at.isoformat() if record.finished_at else "not yet"),
        ("Cost", _spent(record.spend)),
    ]
    if record.caveat:
        facts.append(("Caveat", record.caveat))
    lines = [f"# {_code(record.ticker)}: {decided or 'no verdict'}", "", *_facts(facts), ""]
    if verdict is not None:
        lines += ["## Verdict", "", *_facts(_decided(record)), ""]
    lines += ["## Ballots", ""]
    for seat in record.seats:
        lines += [f"### {_code(seat.member)}", "", *_result(seat.result), ""]
    for title, rows in (("Orders", record.orders), ("Fills", record.fills)):
        if rows:
            lines += [f"## {title}", "", *(f"- {_code(_row(row))}" for row in rows), ""]
    lines += ["Paper trading only; no investment advice.", "", ""]
    return "\n".join(lines)


def _decided(record: RunRecord) -> list[tuple[str, str]]:
    verdict = record.verdict
    if verdict is None:
        return []
    facts = [
        ("Decision", verdict.decision.value if verdict.decision else "none"),
        ("Votes", ", ".join(f"{action} {count}" for action, count in verdict.votes.items())),
        ("Weighted", ", ".join(f"{action} {share}" for action, share in verdict.weighted_votes.items())),
        ("Agreement", str(verdict.agreement)),
        ("Confidence", str(verdict.weighted_confidence)),
        ("Method", verdict.method),
    ]
    facts += [("Rule", verdict.rule)] if verdict.rule else []
    facts += [("Outliers", ", ".join(verdict.outliers))] if verdict.outliers else []
    return facts


def _result(result: MemberResult | None) -> list[str]:
    match result:
        case Ballot():
            asked: list[tuple[str, object]] = [
                ("Action", f"{result.action}, {result.rating}"),
                ("Confidence", result.confidence),
                ("Target weight", result.target_weight),
                ("Stop loss", result.stop_loss),
                ("Take profit", result.take_profit),
                ("Risk", result.risk_level),
                ("Horizon", result.horizon or None),
                ("Answered by", result.served_by),
                ("Cost", _spent(result.spend)),
                ("Took", f"{result.latency_ms} ms"),
            ]
            told = _facts([(label, str(value)) for label, value in asked if value is not None])
            return [*told, "", *_fenced(result.reasoning)]
        case Abstention():
            facts = [("Abstained", f"{result.kind}: {result.reason}"), ("Cost", _spent(result.spend))]
            return _facts(facts)
        case None:
            return ["No result yet."]


def _chat(chat: ModelChat) -> list[str]:
    pieces = [f"## What {_code(chat.member)} was asked and said\n\n"]
    if not chat.stages:
        pieces.append("It finished no stage.\n\n")
    return [*pieces, *(_stage(stage) for stage in chat.stages), *_reflection(chat.reflection)]


def _reflection(written: Reflection | None) -> list[str]:
    """Return what a member wrote about its ballot once that was settled."""
    if written is None:
        return []
    facts = [
        ("Settled", written.settled_at.isoformat()),
        ("Return", f"{written.return_ratio:f}"),
        ("Alpha", "unknown" if written.alpha is None else f"{written.alpha:f}"),
        ("Answered by", str(written.served_by)),
        ("Cost", _spent(written.spend)),
    ]
    lines = [f"### {_code(written.member)}: looking back", "", *_facts(facts), "", *_fenced(written.text)]
    return ["\n".join([*lines, "", ""])]


def _stage(stage: StageRecord) -> str:
    facts = [
        ("Answered by", str(stage.served_by) if stage.served_by else "a rule, no model"),
        ("Cost", f"{_spent(stage.spend)}{', from cache' if stage.from_cache else ''}"),
        ("Took", f"{stage.latency_ms} ms, from {stage.started_at.isoformat()}"),
    ]
    if stage.sentiment:
        facts.append(("Sentiment", stage.sentiment))
    facts += [("Check", mark) for mark in stage.marks]
    again = f", round {stage.round}" if stage.round > 1 else ""
    lines = [f"### {_code(stage.member)}: {stage.stage}{again}", "", *_facts(facts), ""]
    if stage.key_points:
        lines += ["Key points:", "", *(f"- {_code(point)}" for point in stage.key_points), ""]
    lines += ["Answer:", "", *_fenced(stage.output), "", "Asked:", "", *_fenced(stage.prompt), "", ""]
    return "\n".join(lines)


def _facts(facts: Sequence[tuple[str, str]]) -> list[str]:
    return [f"- {label}: {_code(value)}" for label, value in facts]


def _row(row: Frozen) -> str:
    told = row.model_dump(mode="json", exclude_none=True)
    return ", ".join(f"{name} {value}" for name, value in told.items() if value not in ([], ""))


def _spent(spend: Spend) -> str:
    unknown = f", {spend.unpriced_calls} calls without a known price" if spend.unpriced_calls else ""
    return f"{_plain_usd(spend.cost_usd)} USD, {spend.tokens} tokens, {spend.calls} calls{unknown}"


def _plain_usd(amount: Decimal) -> str:
    return f"{amount:f}"


def _code(text: str) -> str:
    """Return one line of text as code, which no sign in it can leave."""
    line = " ".join(_printable(text).split()) or "-"
    ticks = "`" * (max((len(run) for run in _TICKS.findall(line)), default=0) + 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{space}{line}{space}{ticks}"


def _fenced(text: str) -> list[str]:
    """Return text of many lines between fences, which no line in it can end."""
    whole = _printable(text)
    fence = "`" * max(max((len(run) for run in _TICKS.findall(whole)), default=0) + 1, 3)
    return [f"{fence}text", whole, fence]


def _printable(text: str) -> str:
    """Return text without signs that could command a terminal or turn the reading direction."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign if _harmless(sign) else "\N{REPLACEMENT CHARACTER}" for sign in lines)


def _harmless(sign: str) -> bool:
    return sign in _KEPT or unicodedata.category(sign) not in _COMMANDING
