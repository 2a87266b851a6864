"""Keys that are part of the contract and load, but do nothing in this version or beside the others."""

from core.config.database_address import is_postgres
from core.config.settings import THRESHOLDS, Settings


def inactive(settings: Settings) -> tuple[str, ...]:
    """Return one sentence for each key that differs from its default and that has no effect."""
    sentences: list[str] = []
    method = settings.consensus.method
    if settings.consensus.threshold is not None and method not in THRESHOLDS:
        sentences.append(f'consensus.threshold has no effect with consensus.method = "{method}".')
    if settings.store.password is not None and not is_postgres(settings.store.url):
        sentences.append("store.password has no effect with a SQLite database.")
    telegram = settings.telegram
    if telegram.mode == "polling" and telegram.webhook_url:
        sentences.append('telegram.webhook_url has no effect with telegram.mode = "polling".')
    return tuple(sentences)
