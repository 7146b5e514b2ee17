"""
Keys of an inventory: renamed ones, unknown ones, and near misses of the two prefixes.

An old key works for one release, and a sentence names the new one. A key that begins with neither
prefix belongs to the operator, unless it is one of ours with a slip in the prefix.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from ...toolkit import VERSION

HostData = Mapping[str, Any]
KeyNames = Collection[str]

# Old key: new key. Remove a line one release after it was added.
RENAMED: Mapping[str, str] = {
    "mail_canary": "mail_preflight",
    "mail_mx_preference": "mail_mx",
}
PREFIXES = ("mail", "verify")
# Prefixes that operators choose themselves, although they look like ours.
WORDS = ("main", "email", "mails", "mailer", "verified")
LIKE_PREFIX, LIKE_KEY, LIKE_NAME = 0.75, 0.8, 0.85  # least similarity, of at most 1


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


def meant(key: str, own: KeyNames, known: KeyNames) -> str | None:
    """
    Return the setting that an unknown key means, or "" if none is near.

    `own` are the keys of the host's role, `known` those of every role. None stands for a key that
    is known, or that belongs to the operator.
    """
    if key in known:
        return None
    if key.startswith(tuple(f"{prefix}_" for prefix in PREFIXES)):
        return next(iter(get_close_matches(key, own, n=1, cutoff=LIKE_KEY)), "")
    return _slip(key, known)


def unknown_keys(wrong: Mapping[str, Iterable[tuple[str, str]]]) -> Iterator[str]:
    """Yield a sentence for each unknown key: the hosts that have it, and the settings meant."""
    for key, found in wrong.items():
        names = ", ".join(dict.fromkeys(name for name, _ in found))
        near = next((near for _, near in found if near), "")
        fix = (
            f"did you mean {near}, or does it need a newer version?"
            if near
            else "remove it, or install the version that has it"
        )
        yield f"{names}: {key} is not a setting of pyinfra-mail {VERSION}; {fix}"


def _slip(key: str, known: KeyNames) -> str | None:
    """Return the setting of which a key is a misspelling in its prefix or its case."""
    plain = re.sub(r"[^a-z0-9]", "", key.lower())
    for one in known:
        if plain == one.replace("_", ""):
            return one
    prefix, _, name = key.lower().partition("_")
    near = get_close_matches(prefix, PREFIXES, n=1, cutoff=LIKE_PREFIX)
    if not near or prefix in WORDS or prefix == near[0]:
        return None
    ours = [one for one in known if one.startswith(f"{near[0]}_")]
    return next(iter(get_close_matches(f"{near[0]}_{name}", ours, n=1, cutoff=LIKE_NAME)), None)
