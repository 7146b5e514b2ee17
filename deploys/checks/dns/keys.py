"""
DKIM records (RFC 6376 section 3.6.2): they hold the keys of the host.

Every authoritative server has to answer with the key that signs; else the mail looks forged to a
receiver that asks that server. The keys that will sign next, or signed before, should have records
too, for mail to come and for mail still on its way. A revoked key should not.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product
from shlex import join

from ...mail import dkim, paths
from ...mail.errors import MailError
from ...mail.settings import dkim_keys
from ...mail.settings.model import MailSettings
from ..core.finding import Check, Finding
from ..core.inspection import per_host, together
from ..core.world import Answer, UnansweredError, World
from .query import RecordQuery, per_server

DKIM = Check(
    "dns.dkim",
    "domain",
    "Does the DKIM record hold the key that signs?",
    "RFC 6376 section 3.6.2",
    why="A signature that does not verify counts as none, and DMARC may then refuse the mail.",
    remedy="Publish the record in the finding, the same on every name server.",
)
# For each key: whether the signing table has it, and its public part.
SHOW = (
    'for key; do grep -qsF "\\"$key\\"" "$0" && echo signs || echo rests; '
    'cat "${key%.key}.pub" 2>/dev/null || echo none; done'
)


@dataclass(frozen=True)
class HeldKey:
    """A key of a host: its selector, the text of its record, and whether it signs now."""

    selector: str
    text: str
    signs: bool


@per_host(DKIM)
def records(host: MailSettings, world: World) -> Iterable[Finding]:
    """Compare the public keys of a host with the records on every authoritative server."""
    domains = dkim_keys.signing_domains(host)
    fix = f"deploy {host.inventory_name}, which makes the missing keys"
    try:
        keys = _keys(host, world)
    except UnansweredError as problem:
        return [DKIM.unknown(domain, str(problem), "fix run.host first") for domain in domains]
    if len([key for key in keys if key.signs]) < len(dkim.ALGORITHMS):
        saw = f"{host.inventory_name} lacks a signing key: it needs one RSA and one Ed25519 key"
        return [DKIM.error(domain, saw, fix) for domain in domains]
    return together(
        partial(per_server, query, world)
        for key, domain in product(keys, domains)
        for query in _of_key(host, key, domain)
    )


def _keys(host: MailSettings, world: World) -> list[HeldKey]:
    """Return the keys of a host; if none signs yet, all count as signing."""
    pairs = list(product(dkim.SLOTS, dkim.ALGORITHMS))
    files = [dkim_keys.path(host, slot, algorithm) for slot, algorithm in pairs]
    command = join(("sh", "-c", SHOW, paths.DKIM_TABLE, *files))
    output = world.hosts.run(host.inventory_name, command, [], world.timeout)
    lines = [line.strip() for line in output]
    answers = list(zip(pairs, lines[::2], lines[1::2], strict=False))
    # One of the two slots may still wait for its record.
    signing = {slot for (slot, _), role, _ in answers if role == "signs"} or set(dkim.SLOTS)
    return [
        HeldKey(
            dkim_keys.selector(host, slot, algorithm),
            str(dkim.DkimKey(algorithm, public)),
            slot in signing,
        )
        for (slot, algorithm), _, public in answers
        if public != "none"
    ]


def _of_key(host: MailSettings, key: HeldKey, domain: str) -> Iterator[RecordQuery]:
    name = dkim.record_name(key.selector, domain)
    home = dkim_keys.txt_name(host, key.selector, domain)
    make_finding = partial(finding, home, key, domain)
    yield RecordQuery(DKIM, domain, home, "TXT", make_finding, (key.text,), dkim.is_key)
    if name != home:
        yield RecordQuery(
            DKIM, domain, name, "CNAME", partial(alias, name, home, domain), (f"{home}.",)
        )


def alias(name: str, home: str, domain: str, answer: Answer) -> Finding:
    """Return the finding about a server's CNAME from the name of a key to its record."""
    if f"{home}." in answer.values:
        return DKIM.ok(domain, f"{answer.server}: {name} is an alias of {home}")
    fix = f"publish: {name}. CNAME {home}."
    return DKIM.error(domain, f"{answer.server}: {name} is no alias of {home}", fix)


def finding(name: str, key: HeldKey, domain: str, answer: Answer) -> Finding:
    """Return the finding about a server's TXT records at the name of a key."""
    found = [value for value in answer.values if dkim.is_key(value)]
    fix = f'publish at {name} exactly this TXT: "{key.text}"'
    severity = DKIM.error if key.signs else DKIM.warning
    if not found:
        return severity(domain, f"{answer.server}: no key at {name}", fix)
    if len(found) > 1:  # RFC 6376 section 3.6.2.2: the result is undefined
        return severity(domain, f"{answer.server}: {len(found)} keys at {name}", fix)
    try:
        same = dkim.DkimKey.parse(found[0]) == dkim.DkimKey.parse(key.text)
    except MailError as problem:
        return severity(domain, f"{answer.server}: {problem}", fix)
    if not same:
        return severity(domain, f"{answer.server}: {name} holds another key", fix)
    which = "the key that signs" if key.signs else "a key that does not sign now"
    return DKIM.ok(domain, f"{answer.server}: {name} holds {which}")
