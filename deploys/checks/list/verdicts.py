"""Verdicts on the lines of a list: for each line the first reason that applies, the worst first."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from ...dns.reception import Reception
from ...mail.recipient_address import RecipientAddress, recipient_address
from ..core.finding import Severity
from .duplicates import FirstLines
from .file import ListLine


class Reason(StrEnum):
    """Reasons of verdicts."""

    SYNTAX = "not a valid address"
    ABSENT = "domain that does not exist"
    NO_SERVER = "domain without an MX record and an address"
    NULL_MX = "domain that receives no mail (null MX)"
    NO_ADDRESS = "domain whose MX hosts have no address"
    UNKNOWN = "domain without an answer from the DNS"
    SUPPRESSED = "suppressed recipient of bulk mail"
    DUPLICATE = "address of an earlier line"
    SUBADDRESS = "mailbox of an earlier line, with another subaddress"
    ROLE = "address of a role"
    LITERAL = "IP address in place of a domain"
    SMTPUTF8 = "local part beyond ASCII (SMTPUTF8)"
    NOTHING = "nothing found"

    @property
    def severity(self) -> Severity:
        """Return the severity of the verdict."""
        return _SEVERITIES.get(self, Severity.WARNING)


_OF_RECEPTION = {
    Reception.ABSENT: Reason.ABSENT,
    Reception.NO_SERVER: Reason.NO_SERVER,
    Reception.NULL_MX: Reason.NULL_MX,
    Reception.NO_ADDRESS: Reason.NO_ADDRESS,
    Reception.UNKNOWN: Reason.UNKNOWN,
}
_SEVERITIES = {
    **dict.fromkeys((Reason.SYNTAX, *_OF_RECEPTION.values()), Severity.ERROR),
    Reason.UNKNOWN: Severity.UNKNOWN,
    Reason.NOTHING: Severity.OK,
}
OF_DOMAINS = frozenset(_OF_RECEPTION.values())


class LineVerdict(NamedTuple):
    """The verdict on a line: its reason, in words, and the address's domain, if it has one."""

    reason: Reason
    words: str
    domain: str = ""


class Verdicts:
    """Verdicts on the lines of one list, in their order; of duplicates the first line counts."""

    def __init__(self, receptions: Mapping[str, Reception], most: int) -> None:
        self._receptions = receptions
        self._addresses, self._mailboxes = FirstLines(most), FirstLines(most)

    def on(self, line: ListLine, suppressed: Mapping[str, str] | None = None) -> LineVerdict:
        """Return the verdict on a line; `suppressed` are reasons by folded address."""
        try:
            address = recipient_address(line.text)
        except ValueError as fault:
            words = str(fault) if line.text else "there is no address"
            return LineVerdict(Reason.SYNTAX, words)
        earlier = self._addresses.of(address.folded, line.number)
        same = self._mailboxes.of(address.without_tag, line.number)
        reception = self._receptions.get(address.domain, Reception.RECEIVES)
        if reason := _OF_RECEPTION.get(reception):
            return LineVerdict(reason, reception, address.domain)
        if why := (suppressed or {}).get(address.folded):
            return LineVerdict(Reason.SUPPRESSED, why, address.domain)
        return LineVerdict(*_of_address(address, earlier, same), address.domain)


def _of_address(address: RecipientAddress, earlier: int, same: int) -> tuple[Reason, str]:
    if earlier:
        return Reason.DUPLICATE, f"the address of line {earlier}"
    if same:
        return Reason.SUBADDRESS, f"probably the mailbox of line {same}, with another subaddress"
    if address.literal:
        return Reason.LITERAL, "it has an IP address in place of a domain"
    if address.role:
        return Reason.ROLE, "it is the address of a role, not of a person (RFC 2142)"
    if address.international:
        return Reason.SMTPUTF8, "its local part needs SMTPUTF8 at every server (RFC 6531)"
    return Reason.NOTHING, ""
