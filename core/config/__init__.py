"""Configuration: TOML into frozen values, with every mistake named in one line."""

from core.config.fingerprint import config_hash
from core.config.inactive import inactive
from core.config.loading import load_settings
from core.config.settings import Settings

__all__ = ["Settings", "config_hash", "inactive", "load_settings"]
