"""
DANE for the host's own keys (RFC 7672): a key is served once every sender accepts it.

A sender that has a host's TLSA record set delivers only to a key in that set. A served key may
stay. Another key has to be in the set for as long as caches may hold the set before it (RFC 7671
section 8.1). The start of that time is noted on the host, once every authoritative server answers
with the key. Without a TLSA record set that the host's own resolver has validated, any key may be
served.
"""

import hashlib
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .chain import Encoded

NOTES = Path("/var/lib/pyinfra-mail/tlsa")
RESOLVER = "127.0.0.1"
SECONDS = 8
LONGEST = 7 * 86_400  # seconds for which a resolver keeps a record (RFC 8767 section 4)
OWN_KIND = (3, 1, 1)  # of our own records: DANE-EE, the public key, its SHA-256


class UnpublishedKey(Exception):
    """A key that senders may not accept yet; the text gives the reason and the fix."""


def require_published(name: str, served: str, new: str) -> None:
    """Raise UnpublishedKey for a new key that a sender may not accept."""
    from .chain import encoded, leaves  # noqa: PLC0415 - slow to load, and seldom needed

    known = {leaf.digest for leaf in leaves(served)}
    pairs = zip(leaves(new), encoded(new), strict=True)
    unknown = [(leaf.digest, chain) for leaf, chain in pairs if leaf.digest not in known]
    records = validated_tlsa(name) if unknown else ()
    for digest, chain in unknown if records else ():
        _require(name, digest, [record for record in records if _matches(record, chain)])


def _require(name: str, digest: str, matching: list[Any]) -> None:
    if any(_kind(record) != OWN_KIND for record in matching):
        return  # a record that the operator publishes
    where = f"the new certificate for {name} is not served yet"
    since = noted(name).get("from", {}).get(digest)
    if since is not None and since > time.time():
        until = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(since))
        todo = "run the deploy `site` after that"
        raise UnpublishedKey(f"{where}: until {until} caches may lack its TLSA record; {todo}")
    if not matching:
        raise UnpublishedKey(
            f"{where}: no TLSA record has its key; run the deploy `site` to publish one"
        )
    if since is None:
        raise UnpublishedKey(
            f"{where}: not every authoritative server is known to have its TLSA record; "
            "run the deploy `site`"
        )


def validated_tlsa(name: str) -> tuple[Any, ...]:
    """Return the TLSA records of a name, as far as this host's resolver has validated them."""
    # Slow to load, and seldom needed.
    import dns.exception  # noqa: PLC0415
    import dns.flags  # noqa: PLC0415
    import dns.resolver  # noqa: PLC0415

    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [RESOLVER]
    resolver.use_edns(0, dns.flags.DO, 1232)
    record = f"_25._tcp.{name}."
    try:
        answer = resolver.resolve(record, "TLSA", raise_on_no_answer=False, lifetime=SECONDS)
    except dns.resolver.NXDOMAIN:
        return ()
    except dns.exception.DNSException as error:
        raise UnpublishedKey(
            f"the new certificate for {name} is not served yet: the lookup of {record} TLSA failed "
            f"({error}); check unbound.service, and run again"
        ) from None
    return tuple(answer.rrset or ()) if answer.response.flags & dns.flags.AD else ()


def noted(name: str) -> dict[str, Any]:
    """Return the notes on a name: the last TTL, and the time from which each key may be served."""
    path = NOTES / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    # A clock that was ahead has noted a time that would not come for long; a run notes it again.
    latest = time.time() + LONGEST
    known = {key: since for key, since in found.get("from", {}).items() if since <= latest}
    return found | {"from": known} if found else {}


def note_keys(name: str, digests: Iterable[str], ttl: int) -> None:
    """Note that every authoritative server answers with these digests; forget all others."""
    before = noted(name)
    every_cache = time.time() + max(ttl, before.get("ttl", 0))
    known = before.get("from", {})
    found = {"ttl": ttl, "from": {key: known.get(key, every_cache) for key in digests}}
    NOTES.mkdir(mode=0o755, parents=True, exist_ok=True)
    written = NOTES / f"{name}.new"
    written.write_text(json.dumps(found))
    written.replace(NOTES / f"{name}.json")


def _matches(record: Any, chain: list["Encoded"]) -> bool:  # noqa: ANN401 - dnspython's TLSA
    """Return True if a record matches a key's certificate, or that of a CA in its chain."""
    usage, selector, matching = _kind(record)
    ours = {2: chain, 3: chain[:1]}.get(usage, [])
    shown = [one.whole if selector == 0 else one.key for one in ours]
    hashed = {1: hashlib.sha256, 2: hashlib.sha512}.get(matching)
    return record.cert in [hashed(one).digest() if hashed else one for one in shown]


def _kind(record: Any) -> tuple[int, int, int]:  # noqa: ANN401 - as above
    return record.usage, record.selector, record.mtype
