"""Configuration: TOML into frozen values, with every mistake named in one line."""

from core.config.settings import Settings

__all__ = ["Settings"]
