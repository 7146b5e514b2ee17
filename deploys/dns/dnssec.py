"""
Chain of trust from a parent zone to a zone (DNSSEC, RFC 4035), asked without trusting a resolver.

The parent zone vouches for a zone by a DS record, the digest of a key. The zone's DNSKEY records
hold that key and are signed with it. Without a DS the zone counts as unsigned. With a DS that fits
no key, validating resolvers find nothing of the zone at all. The zones' own servers are asked: a
resolver remembers that a name does not exist yet (RFC 2308), and its result of a validation can be
forged on the way from it.
"""

from collections.abc import Sequence

import dns.dnssec
import dns.exception
import dns.message
import dns.name
import dns.rdata
import dns.rdatatype
import dns.rdtypes.ANY.DNSKEY
import dns.rdtypes.ANY.DS
import dns.resolver
import dns.rrset

from ..mail.errors import MailError
from .answer import one_line, plain_name
from .authority import servers
from .query import first_response


def chain_fault(zone: str, resolver: dns.resolver.Resolver) -> str:
    """Return the fault of the chain of trust to a zone, and its fix; empty without a fault."""
    parent = parent_zone(zone, resolver)
    digests = record_set(signed_answer(parent, zone, "DS", resolver), zone, "DS")
    if not digests:
        return (
            f"{zone} has no DS at its parent, so it counts as unsigned; sign it at its provider "
            "and give the DS to the registrar, or set mail_dane = False"
        )
    answer = signed_answer(zone, zone, "DNSKEY", resolver)
    keys = record_set(answer, zone, "DNSKEY") or ()
    vouched = [key for key in keys if any(_fits(zone, key, ds) for ds in digests)]
    if not vouched:
        return (
            f"the DS of {zone} at its parent fits none of its keys, so validating resolvers find "
            "nothing of the zone; give the right DS to the registrar, or have the wrong one removed"
        )
    if not _is_signed(answer, zone, vouched):
        return (
            f"the keys of {zone} are not signed with the one that its parent vouches for; have its "
            "provider sign the zone again"
        )
    return ""


def parent_zone(zone: str, resolver: dns.resolver.Resolver) -> str:
    """Return the zone above a zone; raise MailError if none is found."""
    try:
        return plain_name(
            dns.resolver.zone_for_name(dns.name.from_text(zone).parent(), resolver=resolver)
        )
    except dns.exception.DNSException as error:
        raise MailError(
            f"{zone}: its parent zone cannot be found ({one_line(error)}); see that the resolvers "
            "of mail_resolvers answer"
        ) from None


def signed_answer(
    zone: str, name: str, record_type: str, resolver: dns.resolver.Resolver
) -> dns.message.Message:
    """Return the answer of a zone's servers, signatures included; raise MailError without one."""
    answer = first_response(servers(zone, resolver), name, record_type, dnssec=True)
    if answer:
        return answer
    raise MailError(
        f"{name}: no name server of {zone or 'the root'} answers about its {record_type}; run "
        "again once one does"
    )


def record_set(answer: dns.message.Message, name: str, record_type: str) -> dns.rrset.RRset | None:
    """Return the record set of a name in an answer, or None."""
    wanted = dns.name.from_text(name), dns.rdatatype.from_text(record_type)
    return next((one for one in answer.answer if (one.name, one.rdtype) == wanted), None)


def _fits(zone: str, key: dns.rdata.Rdata, ds: dns.rdata.Rdata) -> bool:
    if not isinstance(ds, dns.rdtypes.ANY.DS.DS):
        return False
    try:
        return bool(
            dns.dnssec.make_ds(dns.name.from_text(zone), key, ds.digest_type, validating=True) == ds
        )
    except (dns.exception.DNSException, ValueError):
        return False  # a digest that is no longer secure (RFC 8624)


def _is_signed(answer: dns.message.Message, zone: str, vouched: Sequence[dns.rdata.Rdata]) -> bool:
    keys, signatures = record_set(answer, zone, "DNSKEY"), record_set(answer, zone, "RRSIG")
    if not keys or not signatures:
        return False
    owner = dns.name.from_text(zone)
    try:
        dns.dnssec.validate(keys, signatures, {owner: dns.rrset.from_rdata_list(owner, 0, vouched)})
    except dns.exception.DNSException:
        return False
    return True
