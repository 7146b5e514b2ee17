"""Renamed settings: the old key works for one release, and a sentence names the new one."""

from collections.abc import Iterator, Mapping
from typing import Any

HostData = Mapping[str, Any]

# Old key: new key. Remove a line one release after it was added.
RENAMED: Mapping[str, str] = {"mail_canary": "mail_preflight"}


def with_new_keys(data: HostData) -> HostData:
    """Return the data of a host with every old key under its new name."""
    old = {key: data[key] for key in RENAMED if key in data}
    kept = {key: value for key, value in data.items() if key not in old}
    return {RENAMED[key]: value for key, value in old.items()} | kept


def rename_notices(hosts: Mapping[str, HostData]) -> Iterator[str]:
    """Yield one sentence for each old key in the inventory."""
    for old, new in RENAMED.items():
        names = ", ".join(sorted(name for name, data in hosts.items() if old in data))
        if names:
            yield f"{names}: {old} is now {new}; rename it, as the next release refuses {old}"


def contradictions(name: str, data: HostData) -> Iterator[str]:
    """Yield a mistake for each setting that has both its old and its new key."""
    for old, new in RENAMED.items():
        if old in data and new in data:
            yield f"{name}: {old} is the old name of {new}, and both are set; remove {old}"
