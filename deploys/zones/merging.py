"""
How a record of ours joins what a name already holds.

Nothing that exists is taken away. Of a record set in which others have values too, we add or renew
our own. Where that cannot be done without choosing for the zone's owner, it is refused by name: an
address at a host's name that is not the host's, a domain that declares to accept no mail, two SPF
policies. A DMARC policy is its owner's decision and stays as it is. A DKIM selector of a host names
that host's one key, so an older key there is one that nobody has any more and makes room.
"""

from dataclasses import dataclass

from deploys.mail import dkim, dmarc, spf
from deploys.mail.errors import MailError
from deploys.mail.records import MailRecord


@dataclass(frozen=True)
class Merged:
    """A record set's values: ours, as they shall be, and the others', as they are."""

    ours: tuple[str, ...]
    kept: tuple[str, ...] = ()


def merged(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Return the values for a record's name and type, where the zone has `existing` ones."""
    if record.type in _RULES:
        return _RULES[record.type](record, existing)
    if any(map(spf.is_policy, record.values)):
        return _spf(record, existing)
    if any(map(dmarc.is_policy, record.values)) and any(map(dmarc.is_policy, existing)):
        return Merged((), existing)
    if any(map(dkim.is_key, record.values)):
        return Merged(record.values, tuple(text for text in existing if not dkim.is_key(text)))
    return Merged(record.values, _without(existing, record.values))


def _addresses(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    if foreign := _without(existing, record.values):
        raise MailError(
            f"{record.name} has the {record.type} {', '.join(foreign)}, which is not in the host's "
            "mail_addresses; add it there, take it out of the zone, or choose another mail_hostname"
        )
    return Merged(record.values)


def _alias(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    if foreign := _without(existing, record.values):
        raise MailError(
            f"{record.name} has a CNAME to {', '.join(foreign)}, and shall lead to "
            f"{', '.join(record.values)}; take it out of the zone, or correct mail_dkim_cname"
        )
    return Merged(record.values)


def _exchanges(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    if any(_exchange(value) == "." for value in existing):  # RFC 7505
        raise MailError(
            f"{record.name} has a null MX, which says that it accepts no mail; take that out of "
            "the zone, or the domain out of mail_domains"
        )
    # A host that is already there keeps the preference that somebody chose for it.
    theirs = {_exchange(value): value for value in existing}
    ours = tuple(theirs.get(_exchange(value), value) for value in record.values)
    return Merged(ours, _without(existing, ours))


def _spf(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    try:
        policy = spf.merged(spf.Spf.parse(record.values[0]), existing)
    except MailError as error:
        raise MailError(f"{record.name}: {error}") from None
    return Merged((str(policy),), tuple(text for text in existing if not spf.is_policy(text)))


_RULES = {"A": _addresses, "AAAA": _addresses, "CNAME": _alias, "MX": _exchanges}


def _without(values: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value for value in values if value not in others)


def _exchange(value: str) -> str:
    return value.rpartition(" ")[2].lower()
