"""
How each kind of record joins what a name already holds.

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


def beside(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Add our values to those of others."""
    return Merged(record.values, _without(existing, record.values))


def addresses(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """A host's name has the host's addresses and no other."""
    if foreign := _without(existing, record.values):
        raise MailError(
            f"{record.name} has the {record.type} {', '.join(foreign)}, which is not in the host's "
            "mail_addresses; add it there, take it out of the zone, or choose another mail_hostname"
        )
    return Merged(record.values)


def exchanges(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Our hosts receive mail beside others, with the preference that somebody chose for them."""
    if any(_exchange(value) == "." for value in existing):  # RFC 7505
        raise MailError(
            f"{record.name} has a null MX, which says that it accepts no mail; take that out of "
            "the zone, or the domain out of mail_domains"
        )
    theirs = {_exchange(value): value for value in existing}
    ours = tuple(theirs.get(_exchange(value), value) for value in record.values)
    return Merged(ours, _without(existing, ours))


def spf_policy(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """The one policy lets in whom it let in before, and our hosts."""
    try:
        policy = spf.merged(spf.Spf.parse(record.values[0]), existing)
    except MailError as error:
        raise MailError(f"{record.name}: {error}") from None
    return Merged((str(policy),), tuple(text for text in existing if not spf.is_policy(text)))


def dmarc_policy(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """A policy that is there is its owner's decision."""
    if any(map(dmarc.is_policy, existing)):
        return Merged((), existing)
    return beside(record, existing)


def dkim_key(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """A selector names one key, so ours takes the place of another."""
    return Merged(record.values, tuple(text for text in existing if not dkim.is_key(text)))


def _without(values: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value for value in values if value not in others)


def _exchange(value: str) -> str:
    return value.rpartition(" ")[2].lower()
