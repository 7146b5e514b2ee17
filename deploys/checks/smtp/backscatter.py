"""
Backscatter: mail that is taken first and returned later, to somebody whose address was forged.

Who has taken a message has to return it where it cannot be delivered (RFC 5321 section 6.1). So
nobody is asked for in the forms that slip by a table of who exists: with an extension, in upper
case, and quoted. A sender whose domain does not exist could never be told anything.
"""

import smtplib
from collections.abc import Iterator, Sequence
from functools import partial

from ...mail.settings.model import Fleet, MailSettings
from ..clients.addresses import nobody
from ..clients.endpoint import Endpoint, smtp_endpoints
from ..clients.message import new_run
from ..clients.smtp import Reply, reply, session
from ..core.finding import Check, Finding
from ..core.world import MisbehavedError, UnansweredError, World, side_by_side

BACKSCATTER = Check(
    "smtp.backscatter",
    "host",
    "Is an unknown recipient refused at once in whatever form it is written?",
    "RFC 5321 section 6.1",
    why=(
        "Mail that is taken and cannot be delivered is returned to people whose address was "
        "forged, and their servers put ours on blocklists."
    ),
    remedy="Keep tables of who exists before whatever takes an address apart or rewrites it.",
)

# Four refusals each and one for the sender: Postfix slows a client down after ten.
_DOMAINS_PER_SESSION = 2


def backscatter(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Ask every address of every host for nobody in several forms, from nowhere too."""
    asked = [(endpoint, host) for host in fleet.hosts for endpoint in smtp_endpoints(host)]
    for findings in side_by_side(
        partial(_asked, endpoint, host, world) for endpoint, host in asked
    ):
        yield from findings


def _asked(endpoint: Endpoint, host: MailSettings, world: World) -> list[Finding]:
    findings: list[Finding] = []
    try:
        for start in range(0, len(host.domains), _DOMAINS_PER_SESSION):
            with session(endpoint, world) as client:
                domains = host.domains[start : start + _DOMAINS_PER_SESSION]
                findings.extend(_unknown(client, endpoint, domains))
                if not start:
                    findings.append(_from_nowhere(client, endpoint, domains[0]))
    except (MisbehavedError, UnansweredError) as problem:
        unasked = BACKSCATTER.unknown(
            endpoint.host, f"not asked: {problem}", "mend smtp.connect first"
        )
        return [*findings, unasked]
    return findings


def _unknown(client: smtplib.SMTP, endpoint: Endpoint, domains: Sequence[str]) -> Iterator[Finding]:
    for domain in domains:
        plain = nobody(domain)
        anybody = _rcpt(client, "", plain).positive
        for form in _forms(plain):
            yield _judged(endpoint, form, _rcpt(client, "", form), anybody=anybody)


def _forms(plain: str) -> tuple[str, ...]:
    local, _, domain = plain.rpartition("@")
    return f"{local}+tag@{domain}", plain.upper(), f'"{local}"@{domain}'


def _judged(endpoint: Endpoint, form: str, answer: Reply, *, anybody: bool) -> Finding:
    saw = f"{endpoint} answered RCPT TO:<{form}>: {answer}"
    if answer.permanent:
        return BACKSCATTER.ok(endpoint.host, saw)
    if not answer.positive:
        fix = "ask again: who is refused for now may be taken later"
        return BACKSCATTER.unknown(endpoint.host, saw, fix)
    if anybody:
        return BACKSCATTER.info(
            endpoint.host,
            f"{saw}; it takes anybody at that domain",
            "mend smtp.unknown_recipient: a catch-all returns nothing, but hides who is unknown",
        )
    fix = (
        "look for what takes the address before it is known to exist: a recipient_delimiter, "
        "regular expressions in virtual_alias_maps, smtpd_reject_unlisted_recipient = no"
    )
    return BACKSCATTER.error(endpoint.host, saw, fix)


def _from_nowhere(client: smtplib.SMTP, endpoint: Endpoint, domain: str) -> Finding:
    # RFC 2606 section 2: nothing exists under invalid.
    sender = f"nobody@{new_run()}.invalid"
    answer = _rcpt(client, sender, f"postmaster@{domain}")
    saw = f"{endpoint} answered RCPT TO:<postmaster@{domain}> from <{sender}>: {answer}"
    if answer.positive:
        # To take it is no fault: a bounce to nowhere troubles nobody but our own queue.
        return BACKSCATTER.ok(endpoint.host, f"{saw}, though there is no such domain")
    if answer.refused:
        return BACKSCATTER.ok(endpoint.host, saw)
    return BACKSCATTER.unknown(
        endpoint.host, saw, f"see what {endpoint} is: this is no answer to RCPT"
    )


def _rcpt(client: smtplib.SMTP, sender: str, recipient: str) -> Reply:
    """Ask for one recipient in a transaction of its own, which ends without a message."""
    answer = reply(client.mail(sender))
    if answer.positive:
        # smtplib's own rcpt() parses the address, and would mend the forms that are asked for.
        answer = reply(client.docmd("RCPT", f"TO:<{recipient}>"))
    client.rset()
    return answer
