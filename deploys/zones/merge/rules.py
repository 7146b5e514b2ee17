"""
How each kind of record joins what a name already holds.

Nothing that exists is taken away. Of a record set in which others have values too, we add or renew
our own. Where that cannot be done without choosing for the zone's owner, it is refused by name: an
address at a host's name that is not the host's, a domain that declares to accept no mail. What mail
can do without is left to him instead, and the plan says so.
"""

from dataclasses import dataclass

from ...mail import tlsa
from ...mail.caa import Issue
from ...mail.errors import MailError
from ...mail.no_mail import NULL_MX
from ...mail.records import MailRecord
from ...mail.srv import NOWHERE, Srv


@dataclass(frozen=True)
class Merged:
    """
    A record set's values: ours, as they shall be, and the others', as they are.

    `note` is why ours are as they are, or why there are none.
    """

    ours: tuple[str, ...]
    kept: tuple[str, ...] = ()
    note: str = ""


def digests(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """A host's keys are its own, so theirs take the place of other keys; authorities stay."""
    return Merged(record.values, tuple(text for text in existing if not tlsa.is_key_digest(text)))


def beside(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Add our values to those of others."""
    return Merged(record.values, without(existing, record.values))


def addresses(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """A host's name has the host's addresses and no other."""
    if foreign := without(existing, record.values):
        raise MailError(
            f"{record.name} has the {record.type} {', '.join(foreign)}, which is not in the host's "
            "mail_addresses; add it there, take it out of the zone, or choose another mail_hostname"
        )
    return Merged(record.values)


def alias(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """A name leads to one other."""
    if foreign := without(existing, record.values):
        raise MailError(
            f"{record.name} has a CNAME to {', '.join(foreign)}, and shall lead to "
            f"{', '.join(record.values)}; take it out of the zone, or correct mail_dkim_cname"
        )
    return Merged(record.values)


def exchanges(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Our hosts receive mail beside others, with the preference that somebody chose for them."""
    if record.values == (NULL_MX,):
        return _no_exchange(record, existing)
    if any(_exchange(value) == "." for value in existing):
        raise MailError(
            f"{record.name} has a null MX, which says that it accepts no mail; take that out of "
            "the zone, or the domain out of mail_domains"
        )
    theirs = {_exchange(value): value for value in existing}
    ours = tuple(theirs.get(_exchange(value), value) for value in record.values)
    return Merged(ours, without(existing, ours))


def issuers(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Ours may issue beside others; what only names our authority is ours, and is narrowed."""
    theirs = [issue for issue in map(Issue.parse, existing) if issue]
    ours = [issue for issue in map(Issue.parse, record.values) if issue]
    whole = {str(Issue(issue.issuer)) for issue in ours}
    if set(existing) <= {*record.values, *whole}:
        return Merged(record.values)
    missing = [one for one in ours if not any(known.permits(one) for known in theirs)]
    if missing and any(not known.issuer for known in theirs):
        raise MailError(
            f'{record.name} has the CAA 0 issue ";", which lets nobody issue certificates, and '
            f"{missing[0].issuer} shall; take it out of the zone, or set mail_tls to another source"
        )
    added = tuple(str(one) for one in missing)
    own = tuple(value for value in record.values if value in (*existing, *added))
    return Merged(own, without(existing, own))


def services(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """A service is where its users find it today; our hosts join only each other."""
    places = {Srv.parse(text).place: text for text in existing}
    if record.values == (str(NOWHERE),):
        elsewhere = places.keys() - {NOWHERE.place}
        return Merged((), existing) if elsewhere else Merged(record.values)
    ours = {Srv.parse(text).place: text for text in record.values}
    if places and not places.keys() & ours.keys():
        note = f"it keeps {', '.join(existing)}, so users are not led to {', '.join(record.values)}"
        return Merged((), existing, note)
    own = tuple(places.get(place, text) for place, text in ours.items())
    return Merged(own, without(existing, own))


def pointer(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """An address that has a name keeps it."""
    if existing and not {value.lower() for value in existing} & {*record.values}:
        note = f"it keeps {', '.join(existing)}; receivers look for {', '.join(record.values)}"
        return Merged((), existing, note)
    return Merged((), existing) if existing else Merged(record.values)


def _no_exchange(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    if others := [value for value in existing if _exchange(value) != "."]:
        raise MailError(
            f"{record.name} is in mail_silent_domains, and has the MX {', '.join(others)}; take it "
            "out of one of them"
        )
    return Merged(record.values)


def without(values: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values that are not among the others."""
    return tuple(value for value in values if value not in others)


def _exchange(value: str) -> str:
    return value.rpartition(" ")[2].lower()
