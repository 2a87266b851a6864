"""The signs of actions and alerts, which Telegram and Slack show alike."""

from collections.abc import Mapping

from core.domain.ballot import Action

ACTION_SIGNS: Mapping[Action | None, str] = {
    Action.BUY: "🟢",
    Action.SELL: "🔴",
    Action.HOLD: "🟡",
    None: "⚪",
}
"""None is whoever abstained, or a run without a verdict."""
ALERT_SIGNS: Mapping[str, str] = {
    "stop": "🛑",
    "take_profit": "🎯",
    "flip": "🔄",
    "model_down": "🔌",
    "budget": "💸",
    "season": "🏁",
    "key": "🔑",
    "route": "📡",
}
