"""
Merge of MX records: our hosts beside the servers of others, which stay.

Senders use the servers with the lowest preference, and equal ones at random (RFC 5321 section 5.1).
So a host of ours with the preference of a server of others gets a part of the domain's mail, and is
refused unless the operator says that both have the same recipients. The plan says where mail goes
before and after.
"""

from ...mail.errors import MailError
from ...mail.no_mail import NULL_MX
from ...mail.records import MailRecord
from .record_types import Merged, without


def mx_records(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    """Add our hosts to others; an MX of ours that exists keeps its preference unless one is set."""
    if record.values == (NULL_MX,):
        return _null_mx(record, existing)
    if any(_exchange(value) == "." for value in existing):
        raise MailError(
            f"{record.name} has a null MX, so it accepts no mail (RFC 7505); remove the null MX "
            "from the zone, or the domain from mail_domains"
        )
    known = {} if record.strict else {_exchange(value): value for value in existing}
    ours = tuple(known.get(_exchange(value), value) for value in record.values)
    own = {_exchange(value) for value in ours}
    others = tuple(value for value in existing if _exchange(value) not in own)
    new = tuple(value for value in ours if value not in existing)
    _refuse_equal(record, new, others)
    kept = others if record.strict else without(existing, ours)
    return Merged(ours, kept, _consequence(existing, ours, others) if new and others else "")


def _refuse_equal(record: MailRecord, new: tuple[str, ...], others: tuple[str, ...]) -> None:
    taken = {_preference(value) for value in new}
    for value in others:
        if _preference(value) in taken and _host(value) not in record.beside:
            raise MailError(
                f"{record.name} has the MX {value}, with the same preference as ours, so each "
                "server would get a part of its mail; set mail_mx to a higher or lower "
                f'number, write mail_mx_beside = ["{_host(value)}"] if both have the same '
                "recipients, or move the domain to mail_sending_domains"
            )


def _consequence(existing: tuple[str, ...], ours: tuple[str, ...], theirs: tuple[str, ...]) -> str:
    """Return where mail goes now, and where after the change."""
    before = ", ".join(f"{_host(value)} (MX {_preference(value)})" for value in existing)
    own, others = (", ".join(map(_host, values)) for values in (ours, theirs))
    first, second = (min(map(_preference, values)) for values in (ours, theirs))
    after = f"to {own} and {others} in equal parts"
    if first < second:
        after = f"to {own} first, and to {others} if that fails"
    elif first > second:
        after = f"to {others} first, and to {own} if that fails"
    return f"mail goes to {before} now, and after this run {after}"


def _null_mx(record: MailRecord, existing: tuple[str, ...]) -> Merged:
    if others := [value for value in existing if _exchange(value) != "."]:
        raise MailError(
            f"{record.name} is in mail_silent_domains, but has the MX {', '.join(others)}; remove "
            "the MX from the zone, or the domain from mail_silent_domains"
        )
    return Merged(record.values)


def _exchange(value: str) -> str:
    return value.rpartition(" ")[2].lower()


def _host(value: str) -> str:
    return _exchange(value).rstrip(".")


def _preference(value: str) -> int:
    return int(value.partition(" ")[0])
