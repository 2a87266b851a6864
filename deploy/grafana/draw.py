"""Draw the two dashboards: `python deploy/grafana/draw.py` writes them, a test sees that they are as drawn.

A panel is one line in `dashboard_arena.py` or `dashboard_operations.py`; where it stands follows from the
order, so that none lies on another.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dashboard_arena import ARENA
from dashboard_operations import OPERATIONS
from dashboard_panels import Panel, Row

FOLDER = Path(__file__).parent / "dashboards"
SOURCE = {"type": "prometheus", "uid": "conclave-prometheus"}
WIDTH = 24
Json = dict[str, Any]


def dashboard(
    uid: str, title: str, rows: Iterable[Row], variables: Iterable[tuple[str, str]], since: str
) -> Json:
    """Return a dashboard; `variables` are names and queries of the lists to choose from at its top."""
    return {
        "uid": uid,
        "title": title,
        "tags": ["conclave"],
        "editable": False,
        "schemaVersion": 40,
        "version": 1,
        "timezone": "browser",
        "refresh": "1m",
        "time": {"from": since, "to": "now"},
        "graphTooltip": 1,
        "annotations": {"list": []},
        "links": [
            {
                "title": "Conclave",
                "type": "dashboards",
                "tags": ["conclave"],
                "asDropdown": False,
                "includeVars": False,
                "keepTime": True,
                "targetBlank": False,
                "icon": "external link",
                "tooltip": "",
                "url": "",
            }
        ],
        "templating": {"list": [_variable(*each) for each in variables]},
        "panels": _placed(rows),
    }


def _variable(name: str, query: str) -> Json:
    return {
        "name": name,
        "label": name.capitalize(),
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
    }


def _placed(rows: Iterable[Row]) -> list[Json]:
    """Return all panels from left to right and from top to bottom."""
    placed: list[Json] = []
    y = 0
    for row in rows:
        place = {"x": 0, "y": y, "w": WIDTH, "h": 1}
        placed.append(
            {
                "id": len(placed) + 1,
                "type": "row",
                "title": row.title,
                "gridPos": place,
                "collapsed": False,
                "panels": [],
            }
        )
        x, y, height = 0, y + 1, 0
        for panel in row.panels:
            if x + panel.width > WIDTH:
                x, y, height = 0, y + height, 0
            place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
            placed.append({"id": len(placed) + 1, "gridPos": place, **_panel(panel)})
            x, height = x + panel.width, max(height, panel.height)
        y += height
    return placed


def _panel(panel: Panel) -> Json:
    defaults: Json = {
        "unit": panel.unit,
        "color": {"mode": "palette-classic" if panel.steps == ((None, "green"),) else "thresholds"},
        "thresholds": {
            "mode": "absolute",
            "steps": [{"value": value, "color": color} for value, color in panel.steps],
        },
        "mappings": [
            {"type": "value", "options": {value: {"text": text, "color": color, "index": index}}}
            for index, (value, text, color) in enumerate(panel.maps)
        ],
        "custom": _custom(panel),
    }
    if panel.unit == "short" and panel.now:
        defaults["decimals"] = 0  # gains are estimated between two readings, and what is counted is whole
    if panel.highest is not None:
        defaults |= {"min": 0, "max": panel.highest}
    made: Json = {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.says,
        "datasource": SOURCE,
        "targets": [
            {
                "refId": "ABCDEF"[index],
                "datasource": SOURCE,
                "expr": expr,
                "legendFormat": legend,
                "instant": panel.now,
                "range": not panel.now,
            }
            for index, (expr, legend) in enumerate(panel.queries)
        ],
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": _options(panel),
    }
    if panel.stacked and any("[1h]" in expr for expr, _ in panel.queries):
        made["interval"] = "1h"  # one bar an hour: nothing is counted in two of them
    return made


def _custom(panel: Panel) -> Json:
    if panel.kind != "timeseries":
        return {}
    if panel.stacked:
        return {
            "drawStyle": "bars",
            "fillOpacity": 80,
            "lineWidth": 0,
            "stacking": {"mode": "normal", "group": "A"},
        }
    return {"drawStyle": "line", "fillOpacity": 0, "lineWidth": 1, "showPoints": "auto", "spanNulls": False}


def _options(panel: Panel) -> Json:
    last = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    match panel.kind:
        case "timeseries":
            legend = {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}
            return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}
        case "stat":
            return {
                "reduceOptions": last,
                "colorMode": "value",
                "graphMode": "none",
                "justifyMode": "auto",
                "orientation": "auto",
                "textMode": "auto",
            }
        case "bargauge":
            return {
                "reduceOptions": last,
                "displayMode": "basic",
                "orientation": "horizontal",
                "showUnfilled": True,
                "valueMode": "color",
                "minVizHeight": 16,
                "minVizWidth": 8,
            }
        case "piechart":
            legend = {
                "displayMode": "table",
                "placement": "right",
                "showLegend": True,
                "values": ["value", "percent"],
            }
            return {
                "reduceOptions": last,
                "pieType": "donut",
                "legend": legend,
                "tooltip": {"mode": "single", "sort": "none"},
            }
        case "state-timeline":
            return {
                "mergeValues": True,
                "showValue": "auto",
                "alignValue": "left",
                "rowHeight": 0.9,
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
                "tooltip": {"mode": "single", "sort": "none"},
            }
        case other:
            raise ValueError(f"no options are known for a panel of type {other}")


def drawn() -> dict[str, Json]:
    """Return both dashboards by the names of their files."""
    members = [("member", "label_values(conclave_member_value_usd, member)")]
    calls = [
        ("provider", "label_values(conclave_calls_total, provider)"),
        ("model", 'label_values(conclave_calls_total{provider=~"$provider"}, model)'),
    ]
    return {
        "arena.json": dashboard("conclave-arena", "Conclave arena", ARENA, members, "now-7d"),
        "operations.json": dashboard(
            "conclave-operations", "Conclave operations", OPERATIONS, calls, "now-6h"
        ),
    }


def written(board: Json) -> str:
    """Return a dashboard as its file has it."""
    return json.dumps(board, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, board in drawn().items():
        (FOLDER / name).write_text(written(board), encoding="utf-8")
