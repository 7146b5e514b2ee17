"""
Coexistence of a record of ours with the other record sets of its zone.

Some record sets allow no other ones at their name or below it. Others answer in the place of
addresses: an ALIAS, a provider's own type, a set of addresses that depends on the client, or a
proxy. A host behind one of these gets no mail, as senders are led to another server.
"""

from collections.abc import Iterator, Mapping

from octodns.record import Record

from ..model import recordsets
from ..model.recordsets import Sets

ADDRESSES = frozenset({"A", "AAAA"})
# Of octoDNS's own types, those that providers answer with addresses.
ADDRESS_LIKE = frozenset({"ALIAS", "URLFWD"})
OWN_TYPE = "/"  # octoDNS names a provider's own type with its class: Route53Provider/ALIAS
MOVE = "remove it from the zone, or set another mail_hostname"


def obstacle(sets: Sets, zone: str, name: str, record_type: str) -> str | None:
    """Return why a name cannot have a record, or why no resolver would find the record."""
    there = {other: record for (at, other), record in sets.items() if at == name}
    found = _alone({*there} - {record_type}, record_type) or _above(sets, zone, name)
    return found or next(_substitutes(there, record_type), None)


def _alone(others: set[str], record_type: str) -> str | None:
    if "CNAME" in others:
        return (
            "the name is a CNAME, which allows no other records (RFC 1034 section 3.6.2); "
            "remove the CNAME"
        )
    if record_type == "CNAME" and others:
        return (
            f"the name has {', '.join(sorted(others))}, and a CNAME allows no other records "
            "(RFC 1034 section 3.6.2); remove them"
        )
    return None


def _above(sets: Sets, zone: str, name: str) -> str | None:
    labels = name.split(".") if name else []
    for cut in (".".join(labels[i:]) for i in range(len(labels))):
        if (cut, "NS") in sets:
            return f"{cut}.{zone} is a delegated zone; publish the record in that zone"
    for above in (".".join(labels[i:]) for i in range(1, len(labels) + 1)):
        if (above, "DNAME") in sets:
            return (
                f"{f'{above}.{zone}'.lstrip('.')} is a DNAME, below which no records can be (RFC "
                "6672 section 2.4); remove the DNAME"
            )
    return None


def _substitutes(there: Mapping[str, Record], record_type: str) -> Iterator[str]:
    """Yield why name servers would not answer with a record of ours, or not with it alone."""
    for other, record in sorted(there.items()):
        if record_type in _answered(record):
            shown = f"{other} {', '.join(recordsets.record_set(record).values)}"
            if record_type in ADDRESSES:
                yield (
                    f"the name has the {shown}, so name servers answer with addresses that are "
                    f"not the host's, and its mail does not arrive; {MOVE}"
                )
            else:
                yield f"the name has the {shown}, which answers in its place; remove it"
        elif record_type in ADDRESSES and other in ADDRESSES:
            yield from _rerouted(record)


def _answered(record: Record) -> frozenset[str]:
    """Return the types for which name servers answer with something else than a record of them."""
    record_type = recordsets.key(record)[1]
    if record_type in ADDRESS_LIKE:
        return ADDRESSES
    if OWN_TYPE not in record_type:
        return frozenset()
    types = {str(value["type"]) for value in recordsets.plain_values(record) if "type" in value}
    return ADDRESSES if not types or types & {*ADDRESSES, "CNAME"} else frozenset(types)


def _rerouted(record: Record) -> Iterator[str]:
    title = recordsets.title(record)
    if any(isinstance(own, Mapping) and own.get("proxied") for own in record.octodns.values()):
        yield (
            f"{title} is proxied, so name servers answer with addresses of the proxy, which passes "
            "no mail; switch the proxy off for this record (DNS only), or set another mail_hostname"
        )
    for way in ("dynamic", "geo"):
        if getattr(record, way, None):
            yield (
                f"{title} is {way}, so some senders are led to addresses that are not the host's; "
                "replace it with a plain record set, or set another mail_hostname"
            )
