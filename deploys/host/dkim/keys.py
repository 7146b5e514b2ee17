"""The DKIM keys of a host: where they are, what became of them, and which sign by its own table."""

import json
import re
from base64 import b64decode
from collections.abc import Mapping

from ...mail import dkim, dkim_rotation
from ...mail.dkim_slots import Slot, Slots, State
from ...mail.settings.model import MailSettings
from ..model.desired import Key, KeyKind
from ..model.state import Existing

TABLE = "/etc/rspamd/local.d/dkim_signing.conf"
OWNER = "_rspamd"
KINDS: Mapping[str, KeyKind] = {"rsa": "rsa2048", "ed25519": "ed25519"}
_DOMAINS = re.compile(r"^domain = (\{.*?^\});$", re.DOTALL | re.MULTILINE)

Entry = dict[str, str]
Table = dict[str, dict[str, list[Entry]]]


def paths(settings: MailSettings) -> tuple[str, ...]:
    """Return where a host may have keys."""
    return tuple(key.path for slot in dkim.SLOTS for key in _keys(settings, slot))


def history_path(settings: MailSettings) -> str:
    """Return where a host notes what became of its keys, and when."""
    return f"{dkim.DIRECTORY}/{settings.selector_base}.json"


def keys(settings: MailSettings, existing: Existing) -> tuple[Key, ...]:
    """Return the keys that have to be on a host."""
    wanted = dkim_rotation.wanted(settings, slots(settings, existing), existing.clock)
    return tuple(key for slot in wanted for key in _keys(settings, slot))


def slots(settings: MailSettings, existing: Existing) -> Slots:
    """Return a host's keys, and what became of them."""
    history = existing.histories.get(history_path(settings), {})
    return {
        slot: Slot(_public(settings, slot, existing), **history.get(slot, {}))
        for slot in dkim.SLOTS
    }


def published(settings: MailSettings, existing: Existing) -> tuple[dkim_rotation.Published, ...]:
    """Return what the zones say of a host's keys."""
    return tuple(dkim_rotation.published(settings, slots(settings, existing), existing.clock))


def records(settings: MailSettings, existing: Existing, *states: State) -> dict[str, str]:
    """Return where keys in these states are looked for, and what is found there."""
    return {
        dkim.record_name(key.selector, domain): key.text
        for key in published(settings, existing)
        for domain in dkim.signing_domains(settings)
        if key.state in states
        # That there is no key matters only where somebody leads its name to us.
        and (key.state != "free" or dkim.zone_of_keys(settings, domain))
    }


def table(existing: Existing) -> Table:
    """Return the keys that sign, as the host's own table says."""
    file = existing.services["rspamd"].files.get(TABLE)
    text = b64decode(file.content).decode("utf-8", "replace") if file else ""
    found = _DOMAINS.search(text)
    read: Table = json.loads(found[1]) if found else {}
    return {domain: how for domain, how in read.items() if "selectors" in how}


def entries(table: Table, domain: str) -> list[Entry]:
    """Return the keys that sign for a domain."""
    return table.get(domain, {"selectors": []})["selectors"]


def algorithm(entry: Mapping[str, str]) -> str:
    """Return the algorithm of a key, with which its selector ends."""
    return entry["selector"].rpartition("-")[2]


def _keys(settings: MailSettings, slot: int) -> tuple[Key, ...]:
    return tuple(
        Key(dkim.key_path(settings, slot, name), kind, OWNER) for name, kind in KINDS.items()
    )


def _public(settings: MailSettings, slot: int, existing: Existing) -> dict[str, str]:
    found = {name: dkim.key_path(settings, slot, name) for name in dkim.ALGORITHMS}
    return {name: key for name, path in found.items() if (key := existing.keys.get(path))}
