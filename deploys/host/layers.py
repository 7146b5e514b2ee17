"""
Layers of an inventory: `all`, the groups of a host, the host itself, and `--data`.

pyinfra takes the value of the last layer that has a key. Dictionaries are merged here, key by key
and level by level, so that a host adds to the parameters of its group. A `mail_dns` with a class is
a whole provider, and replaces the one before.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pyinfra.api.host import Host

from ..mail.settings.mistakes.sentences import HIDDEN, MASKED, shown

PREFIX = "mail_"
WHOLE = "class"  # a key of a dictionary that is not merged
Layer = tuple[str, Mapping[str, Any]]


def data_in_layers(host: Host) -> dict[str, Any]:
    """Return the data of a host, with the dictionaries of all its layers merged."""
    found: dict[str, Any] = host.data.dict()
    for key in found:
        values = [layer[key] for _, layer in _layers(host) if key in layer]
        if key.startswith(PREFIX) and len(values) > 1:
            found[key] = _merged(values)
    return found


def origins(host: Host) -> Iterator[str]:
    """Yield a line for each setting of a host: its value, and the layers that it is from."""
    for key, value in sorted(data_in_layers(host).items()):
        sources = [(name, layer[key]) for name, layer in _layers(host) if key in layer]
        if key.startswith((PREFIX, "verify_")) and sources:
            merged = isinstance(value, Mapping) and all(
                isinstance(one, Mapping) and WHOLE not in one for _, one in sources
            )
            names = [name for name, _ in sources] if merged else [sources[-1][0]]
            text = HIDDEN if key in MASKED else shown(value)
            yield f"{host.name}: {key} = {text} from {', '.join(names)}"


def _layers(host: Host) -> tuple[Layer, ...]:
    """Return the layers of a host, the weakest first."""
    inventory = host.inventory
    return (
        ("group data 'all'", inventory.get_data()),
        *((f"group data {name!r}", inventory.get_group_data(name)) for name in host.groups),
        ("the host", inventory.get_host_data(host.name)),
        ("--data", inventory.get_override_data()),
    )


def _merged(values: Sequence[Any]) -> Any:  # noqa: ANN401 - an inventory holds anything
    first, *others = values
    for other in others:
        both = isinstance(first, Mapping) and isinstance(other, Mapping)
        if both and WHOLE not in other:
            joined = {
                key: _merged([first[key], value]) if key in first else value
                for key, value in other.items()
            }
            first = {**first, **joined}
        else:
            first = other
    return first
