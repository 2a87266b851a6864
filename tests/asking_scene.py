"""Questions to one model, and members of every tier that may answer them."""

from decimal import Decimal
from typing import Any

from core.domain.asking import AskRequest
from tests import arena
from tests.loopback.model_server import ModelServer

TIERS = {"claude": "premium", "gpt5": "advanced", "gemini": "specialised", "deepseek": "fast", "qwen": "fast"}
PLAIN = AskRequest(ticker="aapl")
CALM = {"volatility": Decimal("0.1"), "volume_ratio": Decimal(1), "sentiment": Decimal(0)}


def tiered(**more: Any) -> dict[str, Any]:
    members = [
        {"name": name, "route": [f"loopback:{name}/{name}-1"], "tier": TIERS[name]} for name in arena.FIVE
    ]
    return {"members": members, "pipeline": {"max_retries": 0}, **more}


def wanted(**more: Any) -> AskRequest:
    return AskRequest.model_validate({"ticker": "AAPL", "context": CALM, **more})


def asked_models(models: ModelServer) -> list[str]:
    return [request.model.partition("/")[0] for request in models.requests]
