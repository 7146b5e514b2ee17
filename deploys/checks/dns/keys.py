"""
DKIM keys as the world sees them (RFC 6376 section 3.6.2).

Every authoritative server has to answer with the very key that the host signs with, or the host's
mail looks forged to whoever asks that server. A key that does not sign yet, or not any more, should
be there too, for what comes and for what is still on its way; one that is revoked should not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product
from shlex import join

from ...mail import dkim, paths
from ...mail.errors import MailError
from ...mail.settings import dkim_keys
from ...mail.settings.model import Fleet, MailSettings
from ..core.finding import Check, Finding
from ..core.world import Answer, UnansweredError, World, side_by_side
from .query import Inquiry, inquire

DKIM = Check(
    "dns.dkim",
    "domain",
    "Does the record hold the key that signs?",
    "RFC 6376 section 3.6.2",
    why="A signature that cannot be verified is as good as none, and DMARC may refuse the mail.",
    remedy="Publish the record that the finding quotes, the same on every name server.",
)
# Whether a key stands in the table of those that sign, and what is public of it.
SHOW = (
    'for key; do grep -qsF "\\"$key\\"" "$0" && echo signs || echo rests; '
    'cat "${key%.key}.pub" 2>/dev/null || echo none; done'
)


@dataclass(frozen=True)
class HeldKey:
    """A key of a host: what its record has to say, and whether it signs now."""

    selector: str
    text: str
    signs: bool


def published(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Compare what is public of every host's keys with what name servers answer."""
    asked = side_by_side(partial(_of_host, host, world) for host in fleet.hosts)
    for findings in asked:
        yield from findings


def _of_host(host: MailSettings, world: World) -> list[Finding]:
    domains = dkim_keys.signing_domains(host)
    fix = f"deploy {host.inventory_name}, which makes the keys that it lacks"
    try:
        keys = _keys(host, world)
    except UnansweredError as problem:
        return [DKIM.unknown(domain, str(problem), "mend run.host first") for domain in domains]
    if len([key for key in keys if key.signs]) < len(dkim.ALGORITHMS):
        saw = f"{host.inventory_name} has not both of its keys"
        return [DKIM.error(domain, saw, fix) for domain in domains]
    inquiries = [
        inquiry for key, domain in product(keys, domains) for inquiry in _of_key(host, key, domain)
    ]
    answered = side_by_side(partial(inquire, world, inquiry) for inquiry in inquiries)
    return [finding for findings in answered for finding in findings]


def _keys(host: MailSettings, world: World) -> list[HeldKey]:
    """Return the keys that a host has; where none signs yet, all are meant to."""
    pairs = list(product(dkim.SLOTS, dkim.ALGORITHMS))
    files = [dkim_keys.path(host, slot, algorithm) for slot, algorithm in pairs]
    command = join(("sh", "-c", SHOW, paths.DKIM_TABLE, *files))
    output = world.hosts.run(host.inventory_name, command, [], world.timeout)
    lines = [line.strip() for line in output]
    said = list(zip(pairs, lines[::2], lines[1::2], strict=False))
    # One of the two may still wait for its record.
    signing = {slot for (slot, _), role, _ in said if role == "signs"} or set(dkim.SLOTS)
    return [
        HeldKey(
            dkim_keys.selector(host, slot, algorithm),
            str(dkim.DkimKey(algorithm, public)),
            slot in signing,
        )
        for (slot, algorithm), _, public in said
        if public != "none"
    ]


def _of_key(host: MailSettings, key: HeldKey, domain: str) -> Iterator[Inquiry]:
    name, home = (
        dkim.record_name(key.selector, domain),
        dkim_keys.txt_name(host, key.selector, domain),
    )
    yield Inquiry(DKIM, domain, home, "TXT", partial(judged, home, key, domain))
    if name != home:
        yield Inquiry(DKIM, domain, name, "CNAME", partial(led, name, home, domain))


def led(name: str, home: str, domain: str, answer: Answer) -> Finding:
    """Judge whether a server leads the name of a key to where its record is."""
    if f"{home}." in answer.values:
        return DKIM.ok(domain, f"{answer.server}: {name} leads to {home}")
    fix = f"publish: {name}. CNAME {home}."
    return DKIM.error(domain, f"{answer.server}: {name} does not lead to {home}", fix)


def judged(name: str, key: HeldKey, domain: str, answer: Answer) -> Finding:
    """Judge a server's TXT records at the name of a key."""
    found = [value for value in answer.values if dkim.is_key(value)]
    fix = f'publish at {name} exactly this TXT: "{key.text}"'
    say = DKIM.error if key.signs else DKIM.warning
    if not found:
        return say(domain, f"{answer.server}: no key at {name}", fix)
    if len(found) > 1:  # RFC 6376 section 3.6.2.2: what a receiver makes of that is not defined
        return say(domain, f"{answer.server}: {len(found)} keys at {name}", fix)
    try:
        same = dkim.DkimKey.parse(found[0]) == dkim.DkimKey.parse(key.text)
    except MailError as problem:
        return say(domain, f"{answer.server}: {problem}", fix)
    if not same:
        return say(domain, f"{answer.server}: {name} holds another key", fix)
    which = "the key that signs" if key.signs else "a key that does not sign now"
    return DKIM.ok(domain, f"{answer.server}: {name} holds {which}")
