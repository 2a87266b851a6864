"""Keys that are part of the contract and load, but do nothing in this version or beside the others."""

from core.config.settings import THRESHOLDS, Settings

_UNUSED_SECTIONS = ("routing",)


def inactive(settings: Settings) -> tuple[str, ...]:
    """Return one sentence for each key that differs from its default and that has no effect."""
    usual = Settings()
    sentences = [
        f"[{section}] has no effect in this version."
        for section in _UNUSED_SECTIONS
        if getattr(settings, section) != getattr(usual, section)
    ]
    method = settings.consensus.method
    if settings.consensus.threshold is not None and method not in THRESHOLDS:
        sentences.append(f'consensus.threshold has no effect with consensus.method = "{method}".')
    telegram = settings.telegram
    if telegram.mode == "polling" and telegram.webhook_url:
        sentences.append('telegram.webhook_url has no effect with telegram.mode = "polling".')
    return tuple(sentences)
