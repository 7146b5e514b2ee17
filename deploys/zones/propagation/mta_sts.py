"""
A policy of MTA-STS is announced once it answers, at every address, as any sender would ask for it.

A sender that sees a new id fetches the policy at once (RFC 8461 section 3.1); one that finds the
old text keeps that for its max_age. So the record changes last, and where the policy does not
answer with exactly the text that the id stands for, the record stays what it is.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Collection, Iterator
from ipaddress import IPv4Address, IPv6Address

import dns.exception
from pyinfra import host, logger, state

from ...dns.authority import finder
from ...dns.query import NO_ROUTE
from ...mail import mta_sts
from ...mail.errors import MailError
from ...mail.records import Facts, MailRecord, announcement, records_for
from ...mail.settings.model import Fleet, MailSettings
from ...run.threads import in_parallel

HTTPS, SECONDS = 443, 5.0
PATIENCE = 5.0  # seconds
WORKERS = 32
LONGEST = 65536  # octets, RFC 8461 section 3.3


def announcements(
    fleet: Fleet, ready: Collection[str], facts: Facts | None = None
) -> tuple[MailRecord, ...]:
    """Return every record and the announcements of policies that answer; say why not others."""
    served = [
        (member, domain, text)
        for member in fleet.hosts
        if member.inventory_name in ready and member.dns is not None
        for domain, text in (facts or {})[member.inventory_name].policies.items()
    ]
    reasons = _reasons(fleet, served) if state.is_executing else [""] * len(served)
    for (_, domain, _), reason in zip(served, reasons, strict=True):
        if reason:
            sentence = f"{domain}: MTA-STS is not announced anew: {reason}; a later run looks again"
            host.log_styled(sentence, fg="yellow", log_func=logger.warning)
    answering = [one for one, reason in zip(served, reasons, strict=True) if not reason]
    return (*records_for(fleet, ready, facts), *(announcement(*one) for one in answering))


def _reasons(fleet: Fleet, served: Collection[tuple[MailSettings, str, str]]) -> list[str]:
    return in_parallel(lambda one: _settled(fleet, *one), served, WORKERS)


def _settled(fleet: Fleet, member: MailSettings, domain: str, text: str) -> str:
    """Return why a policy may not be announced, if that stays so a while: hosts have just begun."""
    deadline = time.monotonic() + PATIENCE
    while reason := next(_obstacles(fleet, member, domain, text), ""):
        if time.monotonic() > deadline:
            return reason
        time.sleep(0.25)
    return ""


def _obstacles(fleet: Fleet, member: MailSettings, domain: str, text: str) -> Iterator[str]:
    """Yield why a policy may not be announced."""
    yield from _unanswered(member, domain, text)
    policy = mta_sts.Policy.parse(text)
    if policy.mode == "enforce":
        for name in _exchanges(fleet, domain):
            if not policy.names(name):
                yield (
                    f"its MX {name} is not in the policy, and mail to it would wait; take it out "
                    "of the zone, or write mail_mta_sts = 'testing'"
                )


def _unanswered(member: MailSettings, domain: str, text: str) -> Iterator[str]:
    name, reached = f"mta-sts.{domain}", 0
    for address in member.addresses:
        try:
            answer = fetched(name, address, member.acme_ca_file)
        except OSError as error:
            if error.errno not in NO_ROUTE:
                yield f"https://{name}{mta_sts.PATH} at {address}: {_said(error)}"
            continue
        except http.client.HTTPException:
            answer = "no HTTP"
        reached += 1
        if answer != f"200 text/plain\n{text}":
            first = answer.splitlines()[0]
            yield f"https://{name}{mta_sts.PATH} at {address} answers {first} and another policy"
    if not reached:
        yield f"no address of {name} can be reached from here"


def fetched(name: str, address: IPv4Address | IPv6Address, authorities: str = "") -> str:
    """Return the status, type and body of a policy at an address; raise OSError without it."""
    context = ssl.create_default_context()
    if authorities:
        context.load_verify_locations(cadata=authorities)
    connection = http.client.HTTPSConnection(name, context=context, timeout=SECONDS)
    # By address: whether a resolver knows the name already is not the question.
    plain = socket.create_connection((str(address), HTTPS), SECONDS)
    with plain, context.wrap_socket(plain, server_hostname=name) as connection.sock:
        connection.request("GET", mta_sts.PATH)
        reply = connection.getresponse()
        body = reply.read(LONGEST).decode("utf-8", "replace")
        return f"{reply.status} {reply.headers.get_content_type()}\n{body}"


def _said(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate does not do ({error.verify_message})"
    return error.strerror or str(error)


def _exchanges(fleet: Fleet, domain: str) -> Iterator[str]:
    """Yield the MX hosts that the world is told of, others' too."""
    addresses = dict.fromkeys(a for member in fleet.hosts for a in member.resolvers)
    try:
        answer = finder(tuple(addresses)).resolve(f"{domain}.", "MX")
    except (dns.exception.DNSException, MailError):
        return  # the checks of names say so better
    yield from (record.exchange.to_text(omit_final_dot=True) for record in answer)
