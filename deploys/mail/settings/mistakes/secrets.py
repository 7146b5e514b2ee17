"""Secrets in plain text where an inventory must hold references."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..secret import Secret

SECRET_WORDS = frozenset(
    ("secret", "token", "password", "passwd", "pass", "passphrase", "pw", "apikey", "credentials")
)
KEYS = ("key", "keys")
# The last word of a name, number or place that goes with a secret and is none.
PUBLIC_ENDS = frozenset(
    ("name", "id", "algorithm", "file", "path", "type", "url", "endpoint", "user", "username")
)
PUBLIC = ("application_key",)  # OVH's name of an application


def is_secret(key: str) -> bool:
    """Tell a key of a DNS provider that holds a secret, by the words of its name."""
    words = key.lower().replace("-", "_").split("_")
    if key.lower() in PUBLIC or words[-1] in PUBLIC_ENDS:
        return False
    return bool(SECRET_WORDS & {*words}) or words[-1] in KEYS


def plain_secrets(path: str, value: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sentence for each secret in plain text in a dictionary."""
    for key, item in value.items():
        where = f"{path}.{key}"
        if isinstance(item, Mapping):
            yield from plain_secrets(where, item)
        elif is_secret(str(key)) and not (item is None or isinstance(item, Secret)):
            yield (
                f"{where}: the value (masked here) is a secret in plain text; write a reference "
                f'like env("{str(key).upper()}")'
            )
