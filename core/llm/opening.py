"""Keys with their secrets, read where the configuration says that they are."""

from collections.abc import Mapping

from core.config.providers import Provider, ProviderKey
from core.domain.errors import AuthenticationFailed, ConfigError
from core.llm import key_marks
from core.llm.keyring import Opened


class Secrets:
    """Reads the secrets of keys; `environ` is where `env:` references are looked up."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def keys(self, provider: Provider, model_id: str) -> list[tuple[ProviderKey | None, Opened]]:
        """Return the keys that serve the model and can be read; a local provider may have none.

        Raises:
            AuthenticationFailed: there is no such key; the sentence says why.
        """
        fitting = [key for key in provider.keys if not key.models or model_id in key.models]
        found: list[tuple[ProviderKey | None, Opened]] = []
        problems: list[str] = []
        for key in fitting:
            try:
                found.append((key, self.opened(provider, key)))
            except AuthenticationFailed as failure:
                problems.append(failure.reason)
        if found:
            return found
        if provider.local:
            return [(None, self.opened(provider, None))]
        if problems:
            raise AuthenticationFailed("; ".join(problems))
        if provider.keys:
            raise AuthenticationFailed(f"no key of provider {provider.name} lists the model {model_id}")
        raise AuthenticationFailed(no_key_sentence(provider))

    def opened(self, provider: Provider, key: ProviderKey | None) -> Opened:
        """Return a key with its secret; None is that of a provider that needs none.

        Raises:
            AuthenticationFailed: the secret is not there, or is none.
        """
        if key is None:
            return Opened(provider.name, "", "", "")
        try:
            secret = key.secret.reveal(self._environ)
        except ConfigError as error:
            raise AuthenticationFailed(f"key {key.name} of provider {provider.name}: {error}") from None
        if not secret.isascii() or not secret.isprintable() or " " in secret:
            raise AuthenticationFailed(
                f"key {key.name} of provider {provider.name}: {key.secret} holds signs that no key has"
            )
        return Opened(provider.name, key.name, key_marks.shown(key.name, secret), secret)

    def opened_or_none(self, provider: Provider, key: ProviderKey) -> Opened | None:
        """Return a key with its secret, or None where that cannot be read."""
        try:
            return self.opened(provider, key)
        except AuthenticationFailed:
            return None


def no_key_sentence(provider: Provider) -> str:
    """Say in one sentence that a provider lacks a key, and what to do."""
    return f"provider {provider.name} has no key: add one under [[providers.keys]], or set local = true"
