"""The use cases: the one door through which bot enters core."""

from core.app.app import App

__all__ = ["App"]
