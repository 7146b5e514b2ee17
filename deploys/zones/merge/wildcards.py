"""
What a wildcard in a zone does to mail (RFC 4592).

`*.example.org` answers for every name below example.org that the zone does not hold. Ours are held,
so it says nothing about them; but a record that is not there, a key that was taken out or a policy
of a subdomain, is not missing to those who ask: they read the wildcard's.
"""

from collections.abc import Collection, Iterator

from octodns.record import Record

from ..model import recordsets

CONSEQUENCES = {
    "MX": "mail for any name without one of its own goes there",
    "TXT": "receivers read it as the policy or key of any name that has none",
    "CNAME": "any name that is not there leads there, a missing policy or key too",
}


def remarks(records: Collection[Record], names: Collection[str]) -> Iterator[str]:
    """Yield a sentence for each wildcard above a name of ours."""
    for record in sorted(records, key=recordsets.key):
        consequence = CONSEQUENCES.get(recordsets.key(record)[1])
        star, _, above = record.fqdn.rstrip(".").partition(".")
        if star == "*" and consequence and any(_below(name, above) for name in names):
            values = ", ".join(recordsets.record_set(record).values)
            title = recordsets.title(record)
            yield f"{title} {values} is a wildcard: ours stand beside it, but {consequence}"


def _below(name: str, above: str) -> bool:
    return f".{name}".endswith(f".{above}")
