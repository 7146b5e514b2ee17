"""References to secrets in an inventory: each is tried once, and its value is printed nowhere."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache

from ..errors import MailError
from .renamed import HostData
from .secret import Secret


def secret_mistakes(
    hosts: Mapping[str, HostData], wanted: Callable[[str, str], bool]
) -> Iterator[str]:
    """
    Yield a mistake for each reference that cannot be resolved.

    `wanted` tells from the name of a host and a key if the references below it are tried.
    """
    found: dict[tuple[str, Secret], list[str]] = {}
    for name, data in hosts.items():
        for key in sorted(data):
            if wanted(name, key):
                for reference in references(key, data[key]):
                    found.setdefault(reference, []).append(name)
    reason = cache(reason_of)
    for (path, secret), names in found.items():
        if reason(secret):
            yield f"{counted(names)}: {path}: {reason(secret)}"


def references(path: str, value: object) -> Iterator[tuple[str, Secret]]:
    """Yield every reference in a value with its path, such as `mail_dns.api_key`."""
    if isinstance(value, Secret):
        yield path, value
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from references(f"{path}.{key}", member)
    elif isinstance(value, list | tuple):
        for index, member in enumerate(value):
            yield from references(f"{path}.{index}", member)


def reason_of(secret: Secret) -> str:
    """Return the reason why a reference cannot be resolved; "" if it can."""
    try:
        secret.resolve()
    except MailError as error:
        return str(error)
    return ""


def counted(names: list[str]) -> str:
    """Return the first name, and the number of the others."""
    first, *others = names
    return f"{first} and {len(others)} more" if others else first
