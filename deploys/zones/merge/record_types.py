"""
Merge of a record with the existing record set of its name, by record type.

No value of others is removed. In a record set that we share, our own values are added or renewed.
The merge is refused with the name if the zone's owner must decide, as about a foreign address at a
host's name. A record that mail does not need is left to the owner instead, and the plan says so.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ...mail import tlsa
from ...mail.caa import Issue
from ...mail.errors import MailError
from ...mail.records import MailRecord, is_challenge
from ...mail.srv import NOT_OFFERED, Srv


@dataclass(frozen=True)
class Merged:
    """
    The values of a record set: ours as desired, and those of others as they exist.

    `note` is the reason for our values, or for leaving them out.
    """

    ours: tuple[str, ...]
    kept: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Surroundings:
    """The names around a record, as they are before the run.

    `texts` are the TXT values of a name, by the DNS if it is in another zone, or None without an
    answer; `exists` tells whether a name of the zone has records.
    """

    texts: Callable[[str], tuple[str, ...] | None]
    exists: Callable[[str], bool]


def tlsa_records(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Replace the digests of other host keys; those of authorities stay."""
    return Merged(record.values, tuple(text for text in existing if not tlsa.is_key_digest(text)))


def added(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Add our values to those of others."""
    return Merged(record.values, without(existing, record.values))


def addresses(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Refuse a foreign address at a host's name."""
    if foreign := without(existing, record.values):
        raise MailError(
            f"{record.name} has the {record.type} {', '.join(foreign)}, which is not in the host's "
            "mail_addresses; add it there, remove it from the zone, or set another mail_hostname"
        )
    return Merged(record.values)


def cname_record(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Allow one CNAME at a name."""
    setting = "mail_acme_dns" if is_challenge(record.name) else "mail_dkim_cname"
    if foreign := without(existing, record.values):
        raise MailError(
            f"{record.name} has a CNAME to {', '.join(foreign)}, but needs one to "
            f"{', '.join(record.values)}; remove it from the zone, or correct {setting}"
        )
    return Merged(record.values)


def caa_records(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Add our authority to others; a property that names it without an account is narrowed."""
    theirs = [issue for issue in map(Issue.parse, existing) if issue]
    ours = [issue for issue in map(Issue.parse, record.values) if issue]
    whole = {str(Issue(issue.issuer)) for issue in ours}
    if set(existing) <= {*record.values, *whole}:
        return Merged(record.values)
    missing = [one for one in ours if not any(known.permits(one) for known in theirs)]
    if missing and any(not known.issuer for known in theirs):
        raise MailError(
            f'{record.name} has the CAA 0 issue ";", so no authority may issue certificates for '
            f"it, and {missing[0].issuer} must; remove it from the zone, or set another mail_tls"
        )
    added = tuple(str(one) for one in missing)
    own = tuple(value for value in record.values if value in (*existing, *added))
    return Merged(own, without(existing, own))


def srv_records(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Add our hosts to a service that one of them offers; a service of others only is kept."""
    places = {Srv.parse(text).endpoint: text for text in existing}
    if record.values == (str(NOT_OFFERED),):
        elsewhere = places.keys() - {NOT_OFFERED.endpoint}
        return Merged((), existing) if elsewhere else Merged(record.values)
    ours = {Srv.parse(text).endpoint: text for text in record.values}
    if places and not places.keys() & ours.keys():
        note = (
            f"{', '.join(existing)} stays, so mail programs do not find {', '.join(record.values)}"
        )
        return Merged((), existing, note)
    own = tuple(places.get(place, text) for place, text in ours.items())
    return Merged(own, without(existing, own))


def ptr_record(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Keep an existing name of an address."""
    if existing and not {value.lower() for value in existing} & {*record.values}:
        note = f"{', '.join(existing)} stays, but receivers expect {', '.join(record.values)}"
        return Merged((), existing, note)
    return Merged((), existing) if existing else Merged(record.values)


def without(values: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values that are not among the others."""
    return tuple(value for value in values if value not in others)
