"""What Grafana and Prometheus ask for is what a served arena tells; and Grafana's schema knows the panels."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
import yaml
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families

from tests import arena
from tests.arena import Opening
from tests.http_scene import calling, http_settings
from tests.loopback.model_server import ModelServer

pytest_plugins = ("tests.arena_fixtures",)

DEPLOY = Path(__file__).parents[2] / "deploy"
BOARDS = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
}
RULES = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
ALERTS: list[dict[str, Any]] = [rule for group in RULES["groups"] for rule in group["rules"]]
PANELS = [
    (name, panel) for name, board in BOARDS.items() for panel in board["panels"] if panel["type"] != "row"
]
QUERIES = [
    (f"{name}: {panel['title']}", target["expr"], target["legendFormat"])
    for name, panel in PANELS
    for target in panel["targets"]
]
ENDINGS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
OUTSIDE = {"up": {"job", "instance"}}
"""What Prometheus itself tells of each target."""
_SELECTOR = re.compile(r"\b(conclave_[a-z_]+|up)\b(?:\{([^}]*)\})?")
_MATCHER = re.compile(r"([a-z_]+)\s*(?:=~|!~|!=|=)\s*\"([^\"]*)\"")
_BY = re.compile(r"\bby \(([^)]*)\)")


class Exported(NamedTuple):
    """The names that `/metrics` has, each with its labels."""

    labels: dict[str, set[str]]


@pytest.fixture
async def exported(models: ModelServer, tmp_path: Path, opening: Opening) -> AsyncIterator[Exported]:
    """Ask the real door; which labels a metric has says the process itself, as most have no value yet."""
    app = await opening(models.base_url, tmp_path, **http_settings())
    await arena.finished(app, arena.request(preset="quick"))
    async with calling(app) as caller:
        told = await caller.gets("/metrics")
        metrics = {
            one._name: one for one in vars(caller.api.metrics).values() if isinstance(one, MetricWrapperBase)
        }
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(told.text):
        labels = set(metrics[family.name]._labelnames)
        for ending in ENDINGS[family.type]:
            found[family.name + ending] = labels | ({"le"} if ending == "_bucket" else set())
    yield Exported(found | OUTSIDE)


def mistakes_in(expression: str, exported: Exported) -> list[str]:
    """What an expression asks for and nobody tells."""
    mistakes: list[str] = []
    known: set[str] = set()
    if not _SELECTOR.search(expression):
        mistakes.append("no metric at all")
    for name, matchers in _SELECTOR.findall(expression):
        if name not in exported.labels:
            mistakes.append(name)
            continue
        known |= exported.labels[name]
        mistakes += [
            f"{name}{{{label}}}"
            for label, _ in _MATCHER.findall(matchers)
            if label not in exported.labels[name]
        ]
    for labels in _BY.findall(expression):
        mistakes += [f"by {label}" for label in re.split(r", *", labels) if label not in known]
    return mistakes


async def test_every_panel_asks_for_a_metric_and_labels_that_are_exported(exported: Exported) -> None:
    assert {title: found for title, expr, _ in QUERIES if (found := mistakes_in(expr, exported))} == {}


async def test_every_name_of_a_line_is_a_label_that_the_query_keeps(exported: Exported) -> None:
    for title, expr, legend in QUERIES:
        grouped = {label for labels in _BY.findall(expr) for label in re.split(r", *", labels)} - {"le"}
        names = [name for name, _ in _SELECTOR.findall(expr)]
        labels = grouped or set.union(*(exported.labels[name] for name in names))
        assert set(re.findall(r"\{\{(\w+)\}\}", legend)) <= labels, title


async def test_every_list_to_choose_from_is_of_a_label_that_is_exported(exported: Exported) -> None:
    for board in BOARDS.values():
        for variable in board["templating"]["list"]:
            asked = variable["query"]["query"]
            metric, label = re.fullmatch(r"label_values\((\w+)(?:\{.*\})?, (\w+)\)", asked).groups()  # type: ignore[union-attr]
            assert label in exported.labels[metric]
            assert label == variable["name"]


async def test_every_alert_watches_a_metric_and_labels_that_are_exported(exported: Exported) -> None:
    assert {one["alert"]: found for one in ALERTS if (found := mistakes_in(one["expr"], exported))} == {}


async def test_every_metric_is_on_a_dashboard_or_watched(exported: Exported) -> None:
    asked = " ".join([*(expr for _, expr, _ in QUERIES), *(one["expr"] for one in ALERTS)])
    shown = set(re.findall(r"\b(?:conclave_[a-z_]+|up)\b", asked))
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in exported.labels}
    assert families - {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown} == set()


async def test_a_query_for_what_nobody_tells_would_be_found(exported: Exported) -> None:
    assert mistakes_in("sum(conclave_runs_begun_total)", exported) == ["conclave_runs_begun_total"]
    assert mistakes_in('conclave_store_up{member="a"}', exported) == ["conclave_store_up{member}"]
    assert mistakes_in("sum by (chat) (conclave_breaker_state)", exported) == ["by chat"]
    assert mistakes_in("conclave_run_seconds", exported) == ["conclave_run_seconds"]
    assert mistakes_in("vector(1)", exported) == ["no metric at all"]


async def test_values_that_queries_compare_with_are_those_that_are_told(exported: Exported) -> None:
    from bot.http.metrics import FAILURES, STATES
    from core.domain.calls import CallOutcome

    told = {
        "outcome": set(CallOutcome),
        "result": {"hit", "miss"},
        "kind": set(FAILURES),
        "action": {"abstained"},
    }
    told["job"] = {"conclave"}
    for text in [*(expr for _, expr, _ in QUERIES), *(one["expr"] for one in ALERTS)]:
        for label, values in _MATCHER.findall(text):
            assert values.startswith("$") or set(values.split("|")) <= told[label], (label, values)
    assert STATES["open"] == 2
    breakers = next(panel for _, panel in PANELS if panel["title"] == "Breakers")
    shown = breakers["fieldConfig"]["defaults"]["mappings"]
    words = {option["text"]: int(value) for one in shown for value, option in one["options"].items()}
    assert words == {state.replace("_", "-"): number for state, number in STATES.items()}


# -- what Grafana needs --------------------------------------------------------------------------------------


def drawing(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(DEPLOY / "grafana"))
    spec = importlib.util.spec_from_file_location("draw", DEPLOY / "grafana" / "draw.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_dashboards_are_as_they_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = drawing(monkeypatch)
    drawn = {name: draw.written(board) for name, board in draw.drawn().items()}
    kept = {
        path.name: path.read_text(encoding="utf-8")
        for path in (DEPLOY / "grafana" / "dashboards").glob("*.json")
    }
    assert drawn == kept, "run python deploy/grafana/draw.py"


def lost(mine: Any, theirs: Any, place: str = "") -> Iterator[str]:
    """Where a document has something that another has not."""
    match mine, theirs:
        case dict(), dict():
            for key, value in mine.items():
                if key in theirs:
                    yield from lost(value, theirs[key], f"{place}.{key}")
                else:
                    yield f"{place}.{key}"
        case list(), list() if len(mine) == len(theirs):
            for one, other in zip(mine, theirs, strict=True):
                yield from lost(one, other, f"{place}[]")
        case _ if mine != theirs:
            yield place


@pytest.mark.parametrize("name", BOARDS)
def test_grafana_s_own_schema_knows_every_key_and_value(name: str) -> None:
    plugins.register_default_plugins()
    read = Dashboard.from_json(json.loads(json.dumps(BOARDS[name])))
    assert set(lost(BOARDS[name], json.loads(JSONEncoder().encode(read)))) == set()


def test_there_are_two_dashboards_that_can_be_told_apart() -> None:
    assert set(BOARDS) == {"arena", "operations"}
    assert (
        len({board["uid"] for board in BOARDS.values()})
        == len({one["title"] for one in BOARDS.values()})
        == 2
    )
    assert all(re.fullmatch(r"[a-z-]{1,40}", board["uid"]) for board in BOARDS.values())


@pytest.mark.parametrize("name", BOARDS)
def test_panels_have_their_own_numbers_and_places_and_say_what_they_show(name: str) -> None:
    panels = BOARDS[name]["panels"]
    assert [panel["id"] for panel in panels] == list(range(1, len(panels) + 1))
    taken: Counter[tuple[int, int]] = Counter()
    for panel in panels:
        place = panel["gridPos"]
        assert 0 <= place["x"] < place["x"] + place["w"] <= 24, panel["title"]
        taken.update(
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        )
    assert max(taken.values()) == 1, "two panels lie on each other"
    shown = [panel for panel in panels if panel["type"] != "row"]
    assert all(panel["description"].endswith(".") for panel in shown)
    assert all(
        len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]) for panel in shown
    )


def test_every_panel_asks_the_data_source_that_is_provisioned() -> None:
    folder = DEPLOY / "grafana" / "provisioning"
    sources = yaml.safe_load((folder / "datasources" / "prometheus.yaml").read_text(encoding="utf-8"))
    (source,) = sources["datasources"]
    asked = {"type": source["type"], "uid": source["uid"]}
    for _, panel in PANELS:
        assert panel["datasource"] == asked
        assert all(target["datasource"] == asked for target in panel["targets"])
    for board in BOARDS.values():
        assert all(one["datasource"] == asked for one in board["templating"]["list"])
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert source["url"] == "http://prometheus:9090"
    assert compose["prometheus"]["ports"][0].endswith(":9090")
    (provider,) = yaml.safe_load((folder / "dashboards" / "conclave.yaml").read_text(encoding="utf-8"))[
        "providers"
    ]
    mounted = {mount.split(":")[0]: mount.split(":")[1] for mount in compose["grafana"]["volumes"]}
    assert mounted["./grafana/dashboards"] == provider["options"]["path"]
    home = compose["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert Path(home).parent == Path(provider["options"]["path"])
    assert Path(home).stem in BOARDS


def test_every_variable_that_a_query_uses_is_there() -> None:
    for name, panel in PANELS:
        there = {variable["name"] for variable in BOARDS[name]["templating"]["list"]}
        for target in panel["targets"]:
            assert set(re.findall(r"\$(\w+)", target["expr"])) <= there | {"__range", "__rate_interval"}


# -- what Prometheus says ------------------------------------------------------------------------------------


def promtool(*arguments: str) -> str:
    """Run Prometheus' own check, and return what it said; a build machine must have it."""
    program = shutil.which("promtool")
    if program is None and os.environ.get("CI"):
        pytest.fail("promtool is missing: .ci/promtool fetches it")
    if program is None:
        pytest.skip("promtool is not here: .ci/promtool fetches it, or apt-get install prometheus")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - its own arguments
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_takes_its_configuration_and_the_alerts() -> None:
    promtool("check", "config", "--syntax-only", str(DEPLOY / "prometheus" / "prometheus.yml"))
    said = promtool("check", "rules", str(DEPLOY / "prometheus" / "alerts.yml"))
    assert f"{len(ALERTS)} rules found" in said


def test_prometheus_understands_every_query_of_the_dashboards(tmp_path: Path) -> None:
    rules = [
        {
            "record": "checked",
            "expr": expr.replace("$__rate_interval", "5m").replace("$__range", "1h"),
            "labels": {"panel": str(number)},
        }
        for number, (_, expr, _) in enumerate(QUERIES)
    ]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    assert f"{len(QUERIES)} rules found" in promtool("check", "rules", str(file))


FIRING: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "ConclaveDown": ({'up{job="conclave"}': "0x60"}, {"job": "conclave"}),
    "ConclaveDatabaseDown": ({"conclave_store_up": "0x60"}, {}),
    "ConclavePlatformOff": (
        {'conclave_platform_connected{platform="slack"}': "0x60"},
        {"platform": "slack"},
    ),
    "ConclaveDigestsLate": ({"conclave_queue_late": "2x60", "conclave_queue_lag_seconds": "400x60"}, {}),
    "ConclaveDeliveriesFail": (
        {'conclave_delivery_failures_total{platform="telegram",kind="flooded"}': "0+1x60"},
        {"platform": "telegram"},
    ),
    "ConclaveBreakerOpen": (
        {'conclave_breaker_state{provider="openrouter",model="a/b"}': "2x60"},
        {"provider": "openrouter", "model": "a/b"},
    ),
    "ConclaveCallsFail": (
        {
            'conclave_calls_total{provider="p",model="m",outcome="answered"}': "0+6x60",
            'conclave_calls_total{provider="p",model="m",outcome="timeout"}': "0+4x60",
        },
        {"provider": "p"},
    ),
    "ConclaveNoCredit": (
        {'conclave_calls_total{provider="p",model="m",outcome="no_credit"}': "0+1x60"},
        {"provider": "p"},
    ),
    "ConclaveBudgetLow": (
        {
            'conclave_budget_left_usd{scope="day"}': "0.4x60",
            'conclave_budget_limit_usd{scope="day"}': "5x60",
        },
        {"scope": "day"},
    ),
    "ConclaveAbstentions": (
        {
            'conclave_member_decisions_total{member="gpt5",action="abstained"}': "0+3x60",
            'conclave_member_decisions_total{member="gpt5",action="BUY"}': "0+1x60",
        },
        {"member": "gpt5"},
    ),
}
QUIET = {
    'up{job="conclave"}': "1x60",
    "conclave_store_up": "1x60",
    'conclave_platform_connected{platform="slack"}': "1x60",
    "conclave_queue_late": "0x60",
    "conclave_queue_lag_seconds": "4x60",
    'conclave_delivery_failures_total{platform="telegram",kind="gone"}': "0+1x60",
    'conclave_breaker_state{provider="openrouter",model="a/b"}': "0 2x5 0x54",
    'conclave_calls_total{provider="p",model="m",outcome="answered"}': "0+9x60",
    'conclave_calls_total{provider="p",model="m",outcome="timeout"}': "0+1x60",
    'conclave_calls_total{provider="p",model="m",outcome="cancelled"}': "0+9x60",
    'conclave_budget_left_usd{scope="day"}': "4x60",
    'conclave_budget_limit_usd{scope="day"}': "5x60",
    'conclave_member_decisions_total{member="gpt5",action="abstained"}': "0+1x60",
    'conclave_member_decisions_total{member="gpt5",action="BUY"}': "0+3x60",
}


def test_each_alert_has_a_story_in_which_it_fires() -> None:
    assert set(FIRING) == {one["alert"] for one in ALERTS}
    for one in ALERTS:
        assert one["labels"]["severity"] in {"critical", "warning"}
        assert one["annotations"]["summary"].endswith(".")
        assert one["annotations"]["description"].endswith(".")


def test_each_alert_fires_for_what_it_is_meant_for_and_none_in_quiet_times(tmp_path: Path) -> None:
    told = {one["alert"]: one for one in ALERTS}
    stories: list[dict[str, Any]] = [
        {
            "interval": "1m",
            "input_series": [{"series": name, "values": values} for name, values in QUIET.items()],
            "alert_rule_test": [{"eval_time": "50m", "alertname": name, "exp_alerts": []} for name in told],
        }
    ]
    for name, (series, labels) in FIRING.items():
        fired = {
            "exp_labels": labels | told[name]["labels"],
            "exp_annotations": {
                key: said(text, labels, "2") for key, text in told[name]["annotations"].items()
            },
        }
        stories.append(
            {
                "interval": "1m",
                "input_series": [{"series": one, "values": values} for one, values in series.items()],
                "alert_rule_test": [{"eval_time": "50m", "alertname": name, "exp_alerts": [fired]}],
            }
        )
    file = tmp_path / "alerts.test.yml"
    rules = [str(DEPLOY / "prometheus" / "alerts.yml")]
    file.write_text(
        yaml.safe_dump({"rule_files": rules, "evaluation_interval": "1m", "tests": stories}), encoding="utf-8"
    )
    promtool("test", "rules", str(file))


def said(text: str, labels: dict[str, str], value: str) -> str:
    """A sentence of an alert with what it was about filled in."""
    for name, label in labels.items():
        text = text.replace(f"{{{{ $labels.{name} }}}}", label)
    return text.replace("{{ $value }}", value)
