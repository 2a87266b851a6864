"""The shape of the code: imports run one way, rooms stay apart, files stay small, start-up stays light."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 400
MODULES = sorted(path for package in ("bot", "core") for path in (ROOT / package).rglob("*.py"))
EVERYWHERE = {"core.domain", "core.config", "core.clock", "core.courtesy"}
BELOW_THE_PIPELINE = {
    "core.llm",
    "core.market",
    "core.consensus",
    "core.ledger",
    "core.routing",
    "core.store",
}
ROOMS = {
    # Each room, and the rooms that it may use besides itself and what any room may use.
    "core.llm": set[str](),
    "core.market": set[str](),
    "core.consensus": set[str](),
    "core.ledger": set[str](),
    "core.routing": set[str](),
    "core.store": set[str](),
    "core.pipeline": BELOW_THE_PIPELINE,
    "core.schedule": BELOW_THE_PIPELINE,
    "core.app": {"core.pipeline", "core.schedule", *BELOW_THE_PIPELINE},
}
CHAT_LIBRARIES = {"telegram", "slack_bolt", "slack_sdk"}
HEAVY = {
    "aiohttp",
    "alembic",
    "apscheduler",
    "exchange_calendars",
    "matplotlib",
    "numpy",
    "openai",
    "pandas",
    "prometheus_client",
    "slack_bolt",
    "slack_sdk",
    "sqlalchemy",
    "telegram",
    "yfinance",
}
LIGHT = ["core.config", *(f"bot.{path.stem}" for path in (ROOT / "bot").glob("cli*.py"))]
VAGUE = {"utils", "helpers", "common", "manager", "misc"}


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere in it; `from core import llm` counts as core.llm."""
    package = dotted(path) if path.name == "__init__.py" else dotted(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: -(node.level - 1) or None] if node.level else []
            source = ".".join([*parents, *filter(None, [node.module])])
            yield from (f"{source}.{alias.name}" for alias in node.names)


def inside(module: str, places: set[str]) -> bool:
    return any(module == place or module.startswith(f"{place}.") for place in places)


def room_of(path: Path) -> str:
    return ".".join(dotted(path).split(".")[:2])


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_imports_run_one_way(path: Path) -> None:
    own = [name for name in imports_of(path) if inside(name, {"bot", "core"})]
    room = room_of(path)
    if room.startswith("bot"):
        allowed = {"bot", "core.app", *EVERYWHERE}
    elif room == "core":
        allowed = set()
    elif room in {"core.domain", "core.clock", "core.courtesy"}:
        allowed = {"core.domain"}
    elif room == "core.config":
        allowed = {"core.config", "core.domain"}
    else:
        allowed = {room, *ROOMS[room], *EVERYWHERE}
    assert [name for name in own if not inside(name, allowed)] == []


@pytest.mark.parametrize("path", [path for path in MODULES if room_of(path).startswith("core")], ids=short)
def test_core_knows_no_chat_platform(path: Path) -> None:
    assert [name for name in imports_of(path) if inside(name, CHAT_LIBRARIES | {"bot"})] == []


@pytest.mark.parametrize("path", [path for path in MODULES if room_of(path) == "core.domain"], ids=short)
def test_the_domain_needs_only_the_standard_library_and_pydantic(path: Path) -> None:
    allowed = {*sys.stdlib_module_names, "pydantic", "pydantic_core", "core"}
    assert [name for name in imports_of(path) if name.partition(".")[0] not in allowed] == []


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_files_stay_small_and_have_a_telling_name(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST
    assert path.stem not in VAGUE
    assert path.stem not in {"telegram", "slack", "openai"}, "the name would hide the library of that name"


def test_test_files_have_names_of_their_own_and_no_packages() -> None:
    files = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(files) == sorted(set(files))
    assert list((ROOT / "tests").rglob("__init__.py")) == []


@pytest.mark.parametrize("module", LIGHT)
def test_start_up_loads_no_heavy_library(module: str) -> None:
    code = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own text
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    assert HEAVY & set(done.stdout.split()) == set()
