"""
Which keys senders may be shown (DANE, RFC 7672): those in the TLSA set and in every cache of it.

A sender that finds a host's TLSA set delivers to a key of that set or not at all. A key that is
shown already may stay; another one has to be in the set for as long as caches may hold the set
before it (RFC 7671 section 8.1). From when on that is so, is noted on the host once every name
server has answered with the key. Where no set is found that the host's own resolver has validated,
any key may be shown.
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
OF_HOST = (3, 1, 1)  # DANE-EE, the key, its SHA-256: what our own records are


class Unannounced(Exception):
    """Keys that a sender would not accept yet; the text says why and what to do."""


def require(name: str, served: str, new: str) -> None:
    """Refuse keys that a sender may not accept, where another set of keys is served."""
    from .chain import encoded, leaves  # noqa: PLC0415 - slow to load, and seldom needed

    known = {leaf.digest for leaf in leaves(served)}
    pairs = zip(leaves(new), encoded(new), strict=True)
    unknown = [(leaf.digest, chain) for leaf, chain in pairs if leaf.digest not in known]
    records = published(name) if unknown else ()
    for digest, chain in unknown if records else ():
        _require(name, digest, [record for record in records if _vouches(record, chain)])


def _require(name: str, digest: str, vouching: list[Any]) -> None:
    where = f"a new certificate for {name} is not served yet"
    if any(_kind(record) != OF_HOST for record in vouching):
        return  # a record of the operator's own, who knows since when
    since = notes(name).get("from", {}).get(digest)
    if since is not None and since > time.time():
        until = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(since))
        raise Unannounced(
            f"{where}: until {until} caches may lack its TLSA record; run deploys/site.py then"
        )
    if not vouching:
        raise Unannounced(f"{where}: no TLSA record has its key; deploys/site.py publishes it")
    if since is None:
        raise Unannounced(f"{where}: who has its TLSA record is unknown; run deploys/site.py")


def published(name: str) -> tuple[Any, ...]:
    """Return the TLSA records of a name that this host's resolver has validated."""
    # A look at a host is frequent, and this is seldom needed and slow to load.
    import dns.exception  # noqa: PLC0415
    import dns.flags  # noqa: PLC0415
    import dns.resolver  # noqa: PLC0415

    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [RESOLVER]
    resolver.use_edns(0, dns.flags.DO, 1232)
    asked = f"_25._tcp.{name}."
    try:
        answer = resolver.resolve(asked, "TLSA", raise_on_no_answer=False, lifetime=SECONDS)
    except dns.resolver.NXDOMAIN:
        return ()
    except dns.exception.DNSException as error:
        raise Unannounced(
            f"a new certificate for {name} is not served yet: whether TLSA records have its key "
            f"cannot be told ({error}); see that unbound.service answers, and run again"
        ) from None
    return tuple(answer.rrset or ()) if answer.response.flags & dns.flags.AD else ()


def notes(name: str) -> dict[str, Any]:
    """Return what was noted of a name: the last TTL, and from when on keys may be shown."""
    path = NOTES / f"{name}.json"
    noted: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return noted


def note(name: str, announced: Iterable[str], ttl: int) -> None:
    """Note that every name server answers with these digests, and forget all others."""
    before = notes(name)
    every_cache = time.time() + max(ttl, before.get("ttl", 0))
    known = before.get("from", {})
    noted = {"ttl": ttl, "from": {key: known.get(key, every_cache) for key in announced}}
    NOTES.mkdir(mode=0o755, parents=True, exist_ok=True)
    written = NOTES / f"{name}.new"
    written.write_text(json.dumps(noted))
    written.replace(NOTES / f"{name}.json")


def _vouches(record: Any, chain: list["Encoded"]) -> bool:  # noqa: ANN401 - dnspython's TLSA
    """Tell if a record fits the certificate of a key, or one of an authority above it."""
    usage, selector, matching = _kind(record)
    ours = {2: chain, 3: chain[:1]}.get(usage, [])
    shown = [one.whole if selector == 0 else one.key for one in ours]
    hashed = {1: hashlib.sha256, 2: hashlib.sha512}.get(matching)
    return record.cert in [hashed(one).digest() if hashed else one for one in shown]


def _kind(record: Any) -> tuple[int, int, int]:  # noqa: ANN401 - as above
    return record.usage, record.selector, record.mtype
