"""State of a host's DKIM keys: one value per run, for the plan, the zones and the operator."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

from ...mail import dkim, dkim_rotation
from ...mail.dkim_rotation import Published
from ...mail.settings import dkim_keys
from ...mail.settings.model import MailSettings
from ..model.desired import Key
from ..model.lookup import RecordLookup
from ..model.state import Existing
from . import keys
from .evidence import Evidence, evidence, home_of
from .rotation import Rotation, rotation
from .signing_table import SigningTable


@dataclass(frozen=True)
class DkimState:
    """
    Keys of a host, and their use.

    `wanted` are the keys that the host must have, `records` their records for the zones, `signs`
    the keys that sign for each domain, `rotation` the deletions and notes of the run, and `waiting`
    a sentence for each missing record and for keys that have to wait. `lost` is the one of them
    about keys that signed and are missing.
    """

    wanted: tuple[Key, ...] = ()
    records: tuple[Published, ...] = ()
    signs: SigningTable = field(default_factory=dict)
    rotation: Rotation = field(default_factory=Rotation)
    waiting: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def dkim_state(settings: MailSettings, existing: Existing, lookup: RecordLookup) -> DkimState:
    """Return the state of a host's keys, with the records that the controller sees."""
    found = evidence(settings, existing, lookup)
    wanted = dkim_rotation.slots_with_keys(settings, found.slots, found.now)
    signs = found.signs()
    lost = (dkim_rotation.lost_notice(settings, found.slots),) if found.lost else ()
    return DkimState(
        wanted=tuple(key for slot in wanted for key in keys.pair(settings, slot)),
        records=found.records,
        signs=signs,
        rotation=rotation(found, signs),
        waiting=(*lost, *_waiting(found)),
        lost=lost,
    )


def _waiting(found: Evidence) -> Iterator[str]:
    for name, text in found.missing.items():
        yield _missing(found, name, text)
    yield from _revocations(found)
    yield from filter(
        None,
        (
            dkim_rotation.rotation_notice(found.settings, found.slots, found.now),
            dkim_rotation.cache_notice(found.slots, found.now),
        ),
    )


def _missing(found: Evidence, name: str, text: str) -> str:
    """Return the sentence for a missing record: the key's own, or the CNAME that leads to it."""
    selector, _, domain = name.partition("._domainkey.")
    home = home_of(found.settings, name)
    cname = f"{name}. CNAME {home}."
    if dkim.is_revoked(text):
        return f"{name}: this CNAME is missing, and later keys need it; publish once: {cname}"
    record = cname if home in found.seen else f'{home}. TXT "{text}"'
    if found.lost:
        return f"{domain}: mail waits for the DKIM signature {selector}; publish: {record}"
    return f"{domain}: mail is sent without the DKIM signature {selector}; publish: {record}"


def _revocations(found: Evidence) -> Iterator[str]:
    """Yield the records to change for deleted keys, if zones are written by hand."""
    settings, gone = found.settings, found.expired
    if gone is None or settings.dns is not None:
        return
    for domain, name in product(dkim_keys.signing_domains(settings), dkim.ALGORITHMS):
        home = dkim_keys.txt_name(settings, dkim_keys.selector(settings, gone, name), domain)
        yield f'{home}: no mail needs this DKIM key any more; publish: "{dkim.DkimKey(name, "")}"'
