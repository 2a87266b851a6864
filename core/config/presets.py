"""Providers that are known by name: where they answer, and the variable in which their key usually stands."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class Preset(NamedTuple):
    """A known provider. `variable` is None for one that needs no key."""

    base_url: str
    variable: str | None = None

    @property
    def local(self) -> bool:
        """Whether it runs on a machine of one's own."""
        return self.variable is None


PRESETS = {
    "openrouter": Preset("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "openai": Preset("https://api.openai.com/v1", "OPENAI_API_KEY"),
    "anthropic": Preset("https://api.anthropic.com/v1", "ANTHROPIC_API_KEY"),
    "gemini": Preset("https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
    "xai": Preset("https://api.x.ai/v1", "GROK_API_KEY"),
    "deepseek": Preset("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    "ollama": Preset("http://127.0.0.1:11434/v1"),
    "localai": Preset("http://127.0.0.1:8080/v1"),
    "vllm": Preset("http://127.0.0.1:8000/v1"),
    "llamacpp": Preset("http://127.0.0.1:8080/v1"),
}
"""A `[[providers]]` of one of these names may leave out its address, and then also its key."""


def completed(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return a parsed configuration with what the names of known providers tell.

    One that a route goes to need not be listed at all.
    """
    given = tree.get("providers", [])
    if not isinstance(given, list):
        return dict(tree)
    listed = {each["name"] for each in given if isinstance(each, dict) and isinstance(each.get("name"), str)}
    wanted = [name for name in PRESETS if name not in listed and name in set(_routed_to(tree))]
    providers = [provider_table(each) for each in (*given, *({"name": name} for name in wanted))]
    return {**tree, "providers": providers} if providers else dict(tree)


def _routed_to(tree: Mapping[str, Any]) -> Iterator[str]:
    routing = tree.get("routing")
    for owners in (tree.get("members"), routing.get("models") if isinstance(routing, dict) else None):
        for owner in owners if isinstance(owners, list) else ():
            yield from _hops_of(owner)


def _hops_of(owner: Any) -> Iterator[str]:
    if isinstance(owner, dict):
        stages = owner.get("stages")
        for route in (owner.get("route"), *(stages.values() if isinstance(stages, dict) else ())):
            for hop in route if isinstance(route, list) else ():
                if isinstance(hop, str):
                    yield hop.partition(":")[0]


def provider_table(given: Any) -> Any:
    """Return a `[[providers]]` table with what its name alone tells.

    A key is only taken from the environment for the known address: nobody else's shall get to see it.
    """
    if not isinstance(given, dict) or "base_url" in given:
        return given
    name = given.get("name")
    preset = PRESETS.get(name) if isinstance(name, str) else None
    if preset is None:
        return given
    known: dict[str, Any] = {"base_url": preset.base_url}
    if preset.variable is None:
        known["local"] = True
    else:
        known["keys"] = [{"name": "main", "secret": f"env:{preset.variable}"}]
    if name == "openrouter":
        known["lists_prices"] = True
    return known | given
