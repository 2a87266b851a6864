"""A whole arena over a loopback model server and the bundled sample prices, for tests."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from core.app.app import App
from core.app.assemble import open_app
from core.clock import Clock
from core.config import Settings
from core.config.loading import settings_from
from core.domain.events import RunEnded, RunEvent
from core.domain.run import RunRecord, RunRequest
from core.domain.stage import Preset
from tests.template import laid

Opening = Callable[..., Awaitable[App]]
"""Opens an arena as `opened` does; the fixture `opening` closes it as well."""
FIVE = ("claude", "gpt5", "gemini", "deepseek", "qwen")
OPINIONS: dict[str, tuple[str, str, str]] = {
    "claude": ("BUY", "Buy", "0.80"),
    "gpt5": ("BUY", "Overweight", "0.70"),
    "gemini": ("BUY", "Buy", "0.60"),
    "deepseek": ("HOLD", "Hold", "0.55"),
    "qwen": ("SELL", "Sell", "0.90"),
}


def opinion(name: str, **more: Any) -> dict[str, Any]:
    """The fields with which the model server answers for this member."""
    action, rating, confidence = OPINIONS[name]
    return {
        "action": action,
        "rating": rating,
        "recommendation": rating,
        "confidence": float(confidence),
        "target_weight": 0.2 if action == "BUY" else None,
        "stop_loss": None,
        "take_profit": None,
        "risk_level": "medium",
        "reasoning": f"{name} has looked at the figures.",
        **more,
    }


def settings(base_url: str, folder: Path, *, url: str | None = None, **sections: Any) -> Settings:
    """Five models served by one loopback provider, sample prices, and everything inside `folder`.

    Nothing is taken from the cache of answers unless `sections` say so.
    """
    tree: dict[str, Any] = {
        "store": {"url": url or f"sqlite+aiosqlite:///{folder / 'conclave.db'}"},
        "archive": {"dir": str(folder / "modelchats")},
        "market": {"prices": ["sample"]},
        "providers": [{"name": "loopback", "base_url": base_url, "local": True}],
        "members": [{"name": name, "route": [f"loopback:{name}/{name}-1"]} for name in FIVE],
        "pipeline": {"base_delay_s": 0.01, "stage_timeout_s": 20.0},
        # The sample's evidence is always the same; what a test asks twice shall be asked twice.
        "cache": {"enabled": False},
    }
    for name, section in sections.items():
        tree[name] = {**tree[name], **section} if isinstance(tree.get(name), dict) else section
    return settings_from(tree, {}, name="test")


async def opened(
    base_url: str,
    folder: Path,
    *,
    clock: Clock | None = None,
    environ: dict[str, str] | None = None,
    **more: Any,
) -> App:
    if more.get("url") is None:
        laid(folder / "conclave.db")
    return await open_app(settings(base_url, folder, **more), clock=clock, environ=environ or {})


def request(ticker: str = "AAPL", **more: Any) -> RunRequest:
    return RunRequest.model_validate({"ticker": ticker, "preset": Preset.STANDARD, **more})


async def finished(app: App, wanted: RunRequest) -> RunRecord:
    """Run to the end and return the record."""
    return ended([event async for event in app.run(wanted)])


def ended(events: list[RunEvent]) -> RunRecord:
    last = events[-1]
    assert isinstance(last, RunEnded)
    return last.record
