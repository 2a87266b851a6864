"""Live seasons as JSON documents. Money is a decimal string, ratios are fractions, days are ISO dates."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from core.domain.live_season import Call, FinalTable, LiveSeason, SeasonLine, SeasonStatus

Document = dict[str, Any]


def status_document(status: SeasonStatus) -> Document:
    """Return where the live season stands, and the tables of those before it."""
    return {
        "season": live_document(status.live) if status.live else None,
        "session": status.day,
        "sessions": status.days,
        "sessions_left": status.days_left,
        "leader": status.leader,
        "leader_return": _number(status.leader_return),
        "finals": [final_document(table) for table in status.past],
    }


def live_document(live: LiveSeason) -> Document:
    """Return one live season."""
    return {
        "name": str(live.season),
        "state": "ended" if live.ended else "open",
        "begins_at": live.begins_at.isoformat(),
        "first_day": _day(live.first_day),
        "last_day": _day(live.last_day),
        "ended_at": live.ended_at.isoformat() if live.ended_at else None,
    }


def lines_document(lines: Sequence[SeasonLine]) -> list[Document]:
    """Return all seasons, the oldest first."""
    return [
        {
            "name": str(line.season),
            "kind": line.kind,
            "state": "ended" if line.ended else "open",
            "first_day": _day(line.first),
            "last_day": _day(line.last),
            "winner": line.winner,
            "winner_return": _number(line.winner_return),
        }
        for line in lines
    ]


def final_document(table: FinalTable) -> Document:
    """Return the final table of a season; what could not be known is null."""
    return {
        "season": str(table.season),
        "first_session": _day(table.first),
        "last_session": _day(table.last),
        "ended_at": table.ended_at.isoformat(),
        "initial_cash_usd": str(table.initial_cash_usd),
        "benchmark": table.benchmark or None,
        "benchmark_return": table.benchmark_return,
        "standings": [
            {
                "rank": line.rank or None,
                "medal": line.medal,
                "member": line.member,
                "kind": line.kind,
                "value_usd": None if line.value_usd is None else str(line.value_usd),
                "return": _number(line.return_ratio),
                "max_drawdown": line.max_drawdown,
                "trades": line.trades,
                "token_cost_usd": str(line.token_cost_usd),
            }
            for line in table.lines
        ],
        "best_call": _call(table.best),
        "worst_call": _call(table.worst),
        "runs": table.runs,
        "cost_usd": str(table.cost_usd),
        "caveat": table.caveat,
    }


def _call(call: Call | None) -> Document | None:
    if call is None:
        return None
    return {
        "member": call.member,
        "ticker": call.ticker,
        "action": call.action.value,
        "session": _day(call.session),
        "earned": _number(call.earned),
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _number(ratio: Any) -> float | None:
    return None if ratio is None else float(ratio)
