"""
Backscatter: mail that is accepted first, and bounced to a forged sender.

A server that has accepted a message has to bounce it if it cannot be delivered (RFC 5321 section
6.1). So unknown recipients are tried in forms that may pass a table of recipients: with an
extension, in upper case, and quoted. A sender in a domain that does not exist is tried too, and for
a mailbox with a quota a message that is announced as larger than that (RFC 1870).
"""

import smtplib
from collections.abc import Iterable, Iterator, Sequence

from ...mail.settings.model import MailSettings
from ..clients.addresses import unknown_recipient
from ..clients.endpoint import Endpoint, per_endpoint
from ..clients.message import new_run
from ..clients.smtp import Reply, rcpt, reply, session
from ..core.finding import Check, Finding
from ..core.world import World

BACKSCATTER = Check(
    "smtp.backscatter",
    "host",
    "Are unknown recipients, in any form of the address, and full mailboxes refused at once?",
    "RFC 5321 section 6.1",
    why=(
        "Mail that is accepted and cannot be delivered is bounced to forged addresses, and "
        "blocklists then list the server."
    ),
    remedy=(
        "Check recipients against their table before any step that rewrites addresses, and ask "
        "Dovecot at RCPT if their mailbox has room."
    ),
    when_unknown="fix smtp.connect first",
)

# Four refusals each and one for the sender: Postfix slows a client down after ten.
_DOMAINS_PER_SESSION = 2
_NO_REPLY = "find out which program answers at {endpoint}: this is no reply to RCPT"


@per_endpoint(BACKSCATTER)
def backscatter(endpoint: Endpoint, host: MailSettings, world: World) -> Iterable[Finding]:
    """Try unknown recipients in several forms, and a sender in a domain that does not exist."""
    refusing = host.every_recipient.refusing_domains
    for start in range(0, len(refusing), _DOMAINS_PER_SESSION):
        with session(endpoint, world) as client:
            domains = refusing[start : start + _DOMAINS_PER_SESSION]
            yield from _unknown(client, endpoint, domains)
            if not start:
                yield _unknown_sender(client, endpoint, domains[0])
    yield from _full(endpoint, host, world)


def _full(endpoint: Endpoint, host: MailSettings, world: World) -> Iterator[Finding]:
    """Announce a message that no room is left for, even in the mailbox with the smallest quota."""
    quotas = {one.quota: address for address, one in host.mailboxes.items() if one.quota}
    if not quotas:
        return
    size = min(quotas) * 9 // 8  # the last message may be over the quota by a tenth
    if size > host.largest_message > 0:
        saw = f"{host.inventory_name}: every quota has room for the largest message"
        yield BACKSCATTER.ok(host.inventory_name, saw)
        return
    mailbox = quotas[min(quotas)]
    with session(endpoint, world) as client:
        answer = _transaction(client, "", mailbox, (f"SIZE={size}",))
    saw = f"{endpoint} answered RCPT TO:<{mailbox}> with a message of {size:,} octets: {answer}"
    if answer.positive:
        fix = (
            "look for the policy service quota-status in smtpd_recipient_restrictions and in "
            "mail_dovecot: it must be asked, and answer"
        )
        yield BACKSCATTER.error(endpoint.host, f"{saw}, which is more than its quota", fix)
    elif answer.refused:
        yield BACKSCATTER.ok(endpoint.host, saw)
    else:
        yield BACKSCATTER.unknown(endpoint.host, saw, _NO_REPLY.format(endpoint=endpoint))


def _unknown(client: smtplib.SMTP, endpoint: Endpoint, domains: Sequence[str]) -> Iterator[Finding]:
    for domain in domains:
        plain = unknown_recipient(domain)
        catch_all = _transaction(client, "", plain).positive
        for form in _forms(plain):
            answer = _transaction(client, "", form)
            yield _finding(endpoint, form, answer, catch_all=catch_all)


def _forms(plain: str) -> tuple[str, ...]:
    local, _, domain = plain.rpartition("@")
    return f"{local}+tag@{domain}", plain.upper(), f'"{local}"@{domain}'


def _finding(endpoint: Endpoint, form: str, answer: Reply, *, catch_all: bool) -> Finding:
    saw = f"{endpoint} answered RCPT TO:<{form}>: {answer}"
    if answer.permanent:
        return BACKSCATTER.ok(endpoint.host, saw)
    if not answer.positive:
        fix = "verify again: a recipient that is refused for now may be accepted later"
        return BACKSCATTER.unknown(endpoint.host, saw, fix)
    if catch_all:
        return BACKSCATTER.info(
            endpoint.host,
            f"{saw}; the domain accepts every recipient",
            "fix smtp.unknown_recipient first: a catch-all hides unknown recipients",
        )
    fix = (
        "look for a step that accepts the address before the table of recipients: a "
        "recipient_delimiter, regular expressions in virtual_alias_maps, "
        "smtpd_reject_unlisted_recipient = no"
    )
    return BACKSCATTER.error(endpoint.host, saw, fix)


def _unknown_sender(client: smtplib.SMTP, endpoint: Endpoint, domain: str) -> Finding:
    # RFC 2606 section 2: no name exists under invalid.
    sender = f"nobody@{new_run()}.invalid"
    answer = _transaction(client, sender, f"postmaster@{domain}")
    saw = f"{endpoint} answered RCPT TO:<postmaster@{domain}> from <{sender}>: {answer}"
    if answer.positive:
        # To accept it is no fault: a bounce to this sender would stay in our own queue.
        return BACKSCATTER.ok(endpoint.host, f"{saw}, though the domain does not exist")
    if answer.refused:
        return BACKSCATTER.ok(endpoint.host, saw)
    return BACKSCATTER.unknown(endpoint.host, saw, _NO_REPLY.format(endpoint=endpoint))


def _transaction(
    client: smtplib.SMTP, sender: str, recipient: str, options: Sequence[str] = ()
) -> Reply:
    """Return the reply to one recipient, in a transaction that ends without a message."""
    answer = reply(client.mail(sender, options))
    if answer.positive:
        answer = rcpt(client, recipient)
    client.rset()
    return answer
