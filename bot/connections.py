"""The connections of which a platform has several: how each is, and since when."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

CONNECTED = "connected"
LOST = "reconnecting"


@dataclass(frozen=True)
class Connection:
    """One connection to a platform. `since` is the moment from which `state` has held."""

    name: str
    state: str
    since: datetime


Connections = Mapping[str, Callable[[], Sequence[Connection]]]
"""For each platform that has connections, the question how they are now."""

NO_CONNECTIONS: Connections = {}


def now_states(platforms: Mapping[str, str], connections: Connections) -> dict[str, str]:
    """Return how each platform is: one that has lost all its connections is not connected."""
    states = dict(platforms)
    for name, ask in connections.items():
        found = ask()
        if states.get(name) == CONNECTED and found and all(one.state != CONNECTED for one in found):
            states[name] = LOST
    return states
