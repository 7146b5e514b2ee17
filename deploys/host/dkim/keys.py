"""DKIM keys of a host: their files, and the two slots that they fill."""

from collections.abc import Mapping

from ...mail import dkim, paths
from ...mail.dkim_slots import Slot, Slots
from ...mail.settings import dkim_keys
from ...mail.settings.model import MailSettings
from ..model.desired import Key, KeyKind
from ..model.state import Existing
from .signing_table import existing_table

OWNER = "_rspamd"
KINDS: Mapping[str, KeyKind] = {"rsa": "rsa2048", "ed25519": "ed25519"}


def key_paths(settings: MailSettings) -> tuple[str, ...]:
    """Return the files of all keys that a host may have."""
    return tuple(key.path for slot in dkim.SLOTS for key in pair(settings, slot))


def pair(settings: MailSettings, slot: int) -> tuple[Key, ...]:
    """Return the two keys of a slot."""
    return tuple(
        Key(dkim_keys.path(settings, slot, name), kind, OWNER) for name, kind in KINDS.items()
    )


def slots(settings: MailSettings, existing: Existing) -> Slots:
    """Return a host's slots: the public keys in each, and their times."""
    history = existing.histories.get(paths.dkim_history(settings.selector_base), {})
    used = {key.selector for signing in existing_table(existing).values() for key in signing}
    found = {}
    for slot in dkim.SLOTS:
        public, times = _public(settings, slot, existing), history.get(slot, {})
        own = {dkim_keys.selector(settings, slot, name) for name in dkim.ALGORITHMS}
        if not (public or times) and own <= used:  # the keys are lost, and their times with them
            times = {"signing": existing.clock}
        found[slot] = Slot(public, **times)
    return found


def _public(settings: MailSettings, slot: int, existing: Existing) -> dict[str, str]:
    found = {name: dkim_keys.path(settings, slot, name) for name in dkim.ALGORITHMS}
    return {name: key for name, path in found.items() if (key := existing.keys.get(path))}
